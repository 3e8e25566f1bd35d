import { randomBytes, timingSafeEqual } from "node:crypto";
import { type SealedMessage, SecurityFault } from "../auth/security-context.ts";
import { fileTime } from "../ntlm/ntlm-context.ts";
import { hmacMd5, ntlmV2Hash } from "../ntlm/ntlm-keys.ts";
import {
  AV,
  decodeAuthenticate,
  decodeNegotiate,
  encodeChallenge,
  NTLM_FLAG,
  OFFERED_FLAGS,
  wide,
  withoutMic,
} from "../ntlm/ntlm-messages.ts";
import { NtlmSeal } from "../ntlm/ntlm-seal.ts";
import { Rc4 } from "../ntlm/rc4.ts";

export interface TestAccount {
  readonly user: string;
  readonly password: string;
  /** Refused although the password is right. */
  readonly isDisabled?: boolean;
}

export interface NtlmAcceptorSettings {
  /** Looked at anew at each login, so that a test may change passwords under a running server. */
  readonly accounts: () => readonly TestAccount[];
  readonly domain?: string;
  readonly computer?: string;
  /** What the challenge says of itself, for clients that must refuse a weak server. */
  readonly flags?: number;
}

export type NtlmLogin =
  | { readonly kind: "accepted"; readonly user: string; readonly domain: string }
  | {
      readonly kind: "refused";
      readonly user: string;
      readonly reason: "unknown-user" | "wrong-password" | "disabled" | "bad-mic";
    };

/** The server's side of NTLM, for servers in tests: NTLMv2 with a MIC and key exchange, nothing older. */
export class NtlmAcceptor {
  readonly #settings: NtlmAcceptorSettings;
  #negotiate: Buffer | null = null;
  #challenge: Buffer | null = null;
  #serverChallenge = randomBytes(8);
  #seals: { readonly ours: NtlmSeal; readonly theirs: NtlmSeal } | null = null;

  constructor(settings: NtlmAcceptorSettings) {
    this.#settings = settings;
  }

  get isEstablished(): boolean {
    return this.#seals !== null;
  }

  /** Takes the first message, gives the challenge. Errors: `SecurityFault`. */
  challenge(token: Uint8Array): Buffer {
    const asked = decodeNegotiate(token);
    const { domain = "TEST", computer = "DC1" } = this.#settings;
    this.#negotiate = Buffer.from(token);
    this.#serverChallenge = randomBytes(8);
    this.#challenge = encodeChallenge({
      flags:
        this.#settings.flags ??
        ((asked & OFFERED_FLAGS) | NTLM_FLAG.targetInfo | NTLM_FLAG.targetIsDomain) >>> 0,
      serverChallenge: this.#serverChallenge,
      targetName: domain,
      pairs: [
        { id: AV.domain, value: wide(domain) },
        { id: AV.computer, value: wide(computer) },
        { id: AV.dnsDomain, value: wide(`${domain.toLowerCase()}.example`) },
        { id: AV.dnsComputer, value: wide(`${computer.toLowerCase()}.${domain.toLowerCase()}.example`) },
        { id: AV.timestamp, value: fileTime(Date.now()) },
      ],
    });
    return this.#challenge;
  }

  /** Takes the last message. Errors: `SecurityFault` where it is malformed or comes first. */
  authenticate(token: Uint8Array): NtlmLogin {
    if (this.#negotiate === null || this.#challenge === null)
      throw new SecurityFault("an NTLM login from its end");
    const message = decodeAuthenticate(token);
    const { user, domain, ntResponse } = message;
    const account = this.#settings
      .accounts()
      .find((one) => one.user.toLowerCase() === user.split("@")[0]?.toLowerCase());
    if (account === undefined) return { kind: "refused", user, reason: "unknown-user" };
    if (ntResponse.length < 16 + 28) return { kind: "refused", user, reason: "wrong-password" };
    const hash = ntlmV2Hash(user, domain, account.password);
    const proof = ntResponse.subarray(0, 16);
    if (!timingSafeEqual(hmacMd5(hash, this.#serverChallenge, ntResponse.subarray(16)), proof))
      return { kind: "refused", user, reason: "wrong-password" };
    if (account.isDisabled === true) return { kind: "refused", user, reason: "disabled" };
    const keyExchangeKey = hmacMd5(hash, proof);
    const hasExchange = (message.flags & NTLM_FLAG.keyExchange) !== 0 && message.encryptedKey.length === 16;
    const sessionKey = hasExchange ? new Rc4(keyExchangeKey).of(message.encryptedKey) : keyExchangeKey;
    if (!this.#isMicRight(message.mic, sessionKey, token, ntResponse))
      return { kind: "refused", user, reason: "bad-mic" };
    this.#seals = {
      ours: new NtlmSeal(sessionKey, "server-to-client"),
      theirs: new NtlmSeal(sessionKey, "client-to-server"),
    };
    return { kind: "accepted", user: account.user, domain };
  }

  seal(message: SealedMessage): Uint8Array {
    if (this.#seals === null) throw new SecurityFault("an NTLM login that is not complete");
    return this.#seals.ours.seal(message);
  }

  unseal(message: SealedMessage, token: Uint8Array): void {
    if (this.#seals === null) throw new SecurityFault("an NTLM login that is not complete");
    this.#seals.theirs.unseal(message, token);
  }

  /** A MIC is needed only where the client says in its response that it made one; impacket 0.10 makes none. */
  #isMicRight(mic: Buffer | null, sessionKey: Uint8Array, token: Uint8Array, ntResponse: Buffer): boolean {
    if (!saysThatMicIsThere(ntResponse.subarray(16 + 28))) return true;
    if (mic === null || this.#negotiate === null || this.#challenge === null) return false;
    return timingSafeEqual(mic, hmacMd5(sessionKey, this.#negotiate, this.#challenge, withoutMic(token)));
  }
}

function saysThatMicIsThere(pairs: Buffer): boolean {
  for (let at = 0; at + 4 <= pairs.length; ) {
    const id = pairs.readUInt16LE(at);
    const length = pairs.readUInt16LE(at + 2);
    if (id === AV.end) return false;
    if (id === AV.flags && length === 4 && at + 8 <= pairs.length)
      return (pairs.readUInt32LE(at + 4) & 2) !== 0;
    at += 4 + length;
  }
  return false;
}
