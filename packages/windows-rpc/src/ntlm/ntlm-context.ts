import { randomBytes, timingSafeEqual } from "node:crypto";
import { type Mechanism, type SealedMessage, SecurityFault } from "../auth/security-context.ts";
import { clientChallengeBlob, hmacMd5, ntlmV2Hash } from "./ntlm-keys.ts";
import {
  AV,
  type ChallengeMessage,
  decodeChallenge,
  encodeAuthenticate,
  encodeNegotiate,
  encodePairs,
  NTLM_FLAG,
  OFFERED_FLAGS,
  setMic,
  wide,
} from "./ntlm-messages.ts";
import { NTLM_SIGNATURE_BYTES, NtlmSeal } from "./ntlm-seal.ts";
import { Rc4 } from "./rc4.ts";

export const NTLM_AUTH_TYPE = 10;

/** 1.3.6.1.4.1.311.2.2.10 */
const NTLM_OID = Buffer.from("060a2b06010401823702020a", "hex");

export interface NtlmIdentity {
  readonly user: string;
  /** NetBIOS or DNS name of the domain; empty where `user` is a UPN. */
  readonly domain: string;
  readonly password: string;
  /** What the server will log as the computer; empty: nothing. */
  readonly workstation?: string;
  /** Whose server this is meant for, for servers that look. */
  readonly targetName?: string;
}

/** What a login takes from chance and the clock; fixed in tests with published vectors. */
export interface NtlmChance {
  readonly clientChallenge: () => Buffer;
  readonly sessionKey: () => Buffer;
  readonly nowMs: () => number;
}

const REAL_CHANCE: NtlmChance = {
  clientChallenge: () => randomBytes(8),
  sessionKey: () => randomBytes(16),
  nowMs: () => Date.now(),
};

/** Without these a server would seal with less than 128 bits, or not at all. */
const NEEDED_FLAGS = [
  ["extended session security", NTLM_FLAG.extendedSession],
  ["128-bit keys", NTLM_FLAG.key128],
  ["key exchange", NTLM_FLAG.keyExchange],
  ["sealing", NTLM_FLAG.seal],
  ["Unicode", NTLM_FLAG.unicode],
] as const;

/** A server's target information has some hundred bytes; ours goes into a field of sixteen bits. */
const PAIRS_BYTES_MAX = 16 * 1024;

/**
 * A login by NTLM version 2 with a MIC, sealing with 128 bits.
 *
 * Shape:  negotiate, challenge, authenticate. The server does not answer the last, so `isEstablished` says only that our
 *         side is done: a wrong password shows at the first call.
 * Errors: `SecurityFault` for a server that would weaken the login.
 * Source: [MS-NLMP] 3.1.5.1.2 and 3.3.2 (documented); captured from Samba.
 */
export function createNtlmContext(identity: NtlmIdentity, chance: NtlmChance = REAL_CHANCE): Mechanism {
  return new NtlmContext(identity, chance);
}

class NtlmContext implements Mechanism {
  readonly authType = NTLM_AUTH_TYPE;
  readonly mechanism = NTLM_OID;
  readonly signatureLength = NTLM_SIGNATURE_BYTES;
  readonly #identity: NtlmIdentity;
  readonly #chance: NtlmChance;
  #negotiate: Buffer | null = null;
  #seals: { readonly ours: NtlmSeal; readonly theirs: NtlmSeal } | null = null;

  constructor(identity: NtlmIdentity, chance: NtlmChance) {
    this.#identity = identity;
    this.#chance = chance;
  }

  get isEstablished(): boolean {
    return this.#seals !== null;
  }

  start(): Promise<Uint8Array> {
    this.#negotiate = encodeNegotiate(OFFERED_FLAGS);
    return Promise.resolve(this.#negotiate);
  }

  async next(token: Uint8Array): Promise<Uint8Array | null> {
    if (this.#negotiate === null) throw new SecurityFault("an NTLM login that was not begun");
    if (this.#seals !== null) throw new SecurityFault("an NTLM token after the last");
    const challenge = decodeChallenge(token);
    checkFlags(challenge.flags);
    const answer = answerTo(challenge, this.#identity, this.#chance);
    const sessionKey = this.#chance.sessionKey();
    const message = encodeAuthenticate({
      flags: (challenge.flags & OFFERED_FLAGS) >>> 0,
      lmResponse: answer.lmResponse,
      ntResponse: answer.ntResponse,
      domain: this.#identity.domain,
      user: this.#identity.user,
      workstation: this.#identity.workstation ?? "",
      encryptedKey: new Rc4(answer.keyExchangeKey).of(sessionKey),
      mic: Buffer.alloc(16),
    });
    setMic(message, hmacMd5(sessionKey, this.#negotiate, token, message));
    this.#seals = {
      ours: new NtlmSeal(sessionKey, "client-to-server"),
      theirs: new NtlmSeal(sessionKey, "server-to-client"),
    };
    return message;
  }

  seal(message: SealedMessage): Uint8Array {
    return this.#established().ours.seal(message);
  }

  unseal(message: SealedMessage, token: Uint8Array): void {
    this.#established().theirs.unseal(message, token);
  }

  sign(bytes: Uint8Array): Buffer {
    return this.#established().ours.signOnce(bytes);
  }

  verify(bytes: Uint8Array, token: Buffer): void {
    const expected = this.#established().theirs.signOnce(bytes);
    if (token.length !== expected.length || !timingSafeEqual(token, expected))
      throw new SecurityFault("a signature that does not verify");
  }

  #established() {
    if (this.#seals === null) throw new SecurityFault("an NTLM login that is not complete");
    return this.#seals;
  }
}

function checkFlags(flags: number): void {
  const missing = NEEDED_FLAGS.filter(([, flag]) => (flags & flag) === 0).map(([name]) => name);
  if (missing.length > 0) throw new SecurityFault(`the server's NTLM lacks ${missing.join(", ")}`);
}

/** The two responses to a challenge, and the key under which the session key travels. */
export function answerTo(
  challenge: Pick<ChallengeMessage, "serverChallenge" | "pairs">,
  identity: NtlmIdentity,
  chance: Pick<NtlmChance, "clientChallenge" | "nowMs">,
) {
  const { serverChallenge } = challenge;
  const hash = ntlmV2Hash(identity.user, identity.domain, identity.password);
  const clientChallenge = chance.clientChallenge();
  const timestamp = challenge.pairs.find(({ id }) => id === AV.timestamp)?.value;
  if (timestamp !== undefined && timestamp.length !== 8)
    throw new SecurityFault("an NTLM timestamp of another length");
  const pairs = encodePairs(answeredPairs(challenge.pairs, identity));
  if (pairs.length > PAIRS_BYTES_MAX) throw new SecurityFault(`target information of ${pairs.length} bytes`);
  const blob = clientChallengeBlob({ time: timestamp ?? fileTime(chance.nowMs()), clientChallenge, pairs });
  const proof = hmacMd5(hash, serverChallenge, blob);
  return {
    ntResponse: Buffer.concat([proof, blob]),
    // "If the CHALLENGE_MESSAGE contains MsvAvTimestamp, the client SHOULD NOT send the LMv2 response."
    lmResponse:
      timestamp === undefined
        ? Buffer.concat([hmacMd5(hash, serverChallenge, clientChallenge), clientChallenge])
        : Buffer.alloc(24),
    keyExchangeKey: hmacMd5(hash, proof),
  };
}

/** The server's pairs, and what a client adds: a MIC is there, whom it meant, no channel bound. */
function answeredPairs(pairs: ChallengeMessage["pairs"], identity: NtlmIdentity) {
  const added: readonly number[] = [AV.flags, AV.targetName, AV.channelBindings];
  return [
    ...pairs.filter(({ id }) => !added.includes(id)),
    { id: AV.flags, value: Buffer.from([2, 0, 0, 0]) },
    ...(identity.targetName === undefined ? [] : [{ id: AV.targetName, value: wide(identity.targetName) }]),
    { id: AV.channelBindings, value: Buffer.alloc(16) },
  ];
}

/** Windows counts tenths of microseconds since 1601. */
export function fileTime(ms: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(Math.trunc(ms)) * 10_000n + 116_444_736_000_000_000n);
  return bytes;
}
