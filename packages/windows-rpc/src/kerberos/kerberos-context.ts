import { randomBytes } from "node:crypto";
import { type Mechanism, type SealedMessage, SecurityFault } from "../auth/security-context.ts";
import { decrypt, type KerberosKey } from "./aes-cts.ts";
import { readDer, tagged } from "./der.ts";
import { GssSeal } from "./gss-seal.ts";
import { KDC_ERROR } from "./kdc-error-names.ts";
import { type KerberosLogin, KerberosRefusal, type Ticket } from "./kerberos-login.ts";
import {
  decodeApReply,
  decodeApReplyPart,
  decodeError,
  encodeApReply,
  encodeApRequest,
  microsecondsOf,
  USAGE,
} from "./kerberos-messages.ts";

export const KERBEROS_AUTH_TYPE = 16;

/** 1.2.840.113554.1.2.2, and the one by which Windows 2000 got it wrong and everybody since. */
export const KERBEROS_OID = Buffer.from("06092a864886f712010202", "hex");
export const WINDOWS_KERBEROS_OID = Buffer.from("06092a864882f712010202", "hex");

const MUTUAL_REQUIRED = 0x2000_0000;
const GSS_CHECKSUM = 0x8003;
const GSS_FLAG = {
  mutual: 2,
  replay: 4,
  sequence: 8,
  confidential: 0x10,
  integrity: 0x20,
  dceStyle: 0x1000,
} as const;
const RPC_FLAGS =
  GSS_FLAG.mutual |
  GSS_FLAG.replay |
  GSS_FLAG.sequence |
  GSS_FLAG.confidential |
  GSS_FLAG.integrity |
  GSS_FLAG.dceStyle;
const TOKEN_ID = { request: Buffer.of(1, 0), reply: 0x0200, error: 0x0300 } as const;

/**
 * What a login is for. `rpc`: three legs, sealed in the DCE style. `http`: two legs, each body sealed. `ldap`: proves who
 * we are inside of TLS, which seals; a layer of its own is refused there.
 */
export type KerberosUse = "rpc" | "http" | "ldap";

const FLAGS: Readonly<Record<KerberosUse, number>> = {
  rpc: RPC_FLAGS,
  http: RPC_FLAGS & ~GSS_FLAG.dceStyle,
  ldap: GSS_FLAG.mutual,
};

/**
 * A login by Kerberos at one service.
 *
 * Shape:  `start` fetches the ticket where it is not at hand; the server proves itself in its answer.
 * Errors: as `KerberosLogin.ticketFor`; `KerberosRefusal` `server` where the service says no; `SecurityFault`.
 * Source: RFC 4120 3.2, RFC 4121 4.1, [MS-KILE] 3.4.5 (documented); captured from Samba.
 */
export function createKerberosContext(
  login: KerberosLogin,
  spn: string,
  use: KerberosUse = "rpc",
): Mechanism {
  return new KerberosContext(login, spn, use);
}

class KerberosContext implements Mechanism {
  readonly authType = KERBEROS_AUTH_TYPE;
  readonly mechanism = WINDOWS_KERBEROS_OID;
  readonly #login: KerberosLogin;
  readonly #spn: string;
  readonly #use: KerberosUse;
  #sent: {
    readonly ticket: Ticket;
    readonly subkey: KerberosKey;
    readonly atMs: number;
    readonly tick: number;
  } | null = null;
  #seal: GssSeal | null = null;

  constructor(login: KerberosLogin, spn: string, use: KerberosUse) {
    this.#login = login;
    this.#spn = spn;
    this.#use = use;
  }

  get isEstablished(): boolean {
    return this.#seal !== null;
  }

  get signatureLength(): number {
    return this.#use === "rpc" ? 76 : 60;
  }

  async start(): Promise<Uint8Array> {
    // The login was made for this one: a ticket that is still good serves, so that the password is not shown here.
    const ticket = this.#login.ticketAtHand(this.#spn) ?? (await this.#login.ticketFor(this.#spn));
    const subkey = { etype: ticket.key.etype, bytes: randomBytes(ticket.key.bytes.length) };
    const sent = { ticket, subkey, atMs: this.#login.nowMs(), tick: this.#login.nextTick() };
    this.#sent = sent;
    const request = encodeApRequest(ticket.ticket, ticket.key, USAGE.apAuthenticator, MUTUAL_REQUIRED, {
      clientRealm: ticket.clientRealm,
      client: ticket.client,
      nowMs: sent.atMs,
      tick: sent.tick,
      checksum: { type: GSS_CHECKSUM, bytes: gssChecksum(FLAGS[this.#use]) },
      subkey,
      sequence: 0,
    });
    return this.#use === "rpc" ? request : frame(request);
  }

  async next(token: Uint8Array): Promise<Uint8Array | null> {
    if (this.#sent === null) throw new SecurityFault("a Kerberos login that was not begun");
    if (this.#seal !== null) throw new SecurityFault("a Kerberos token after the last");
    const { ticket, subkey, atMs, tick } = this.#sent;
    const reply = unframe(Buffer.from(token.buffer, token.byteOffset, token.byteLength));
    const error = decodeError(reply);
    if (error !== null) {
      if (error.code === KDC_ERROR.skew) this.#login.setClock(error.serverTimeMs);
      this.#login.forget(this.#spn);
      throw new KerberosRefusal("server", `log in at ${this.#spn}`, error.code);
    }
    const encrypted = decodeApReply(reply);
    if (encrypted.etype !== ticket.key.etype) throw new SecurityFault("a proof under a key of another type");
    const part = decodeApReplyPart(decrypt(ticket.key, USAGE.apReply, encrypted.cipher));
    const microseconds = microsecondsOf(atMs) + (tick % 1000);
    if (part.timeMs !== Math.trunc(atMs / 1000) * 1000 || part.microseconds !== microseconds)
      throw new SecurityFault("a server's proof for another login");
    this.#seal = new GssSeal({
      key: part.subkey ?? subkey,
      isAcceptorSubkey: part.subkey !== null,
      isDceStyle: this.#use === "rpc",
      ownSequence: 0,
      peerSequence: part.sequence,
    });
    return this.#use === "rpc" ? encodeApReply(ticket.key, this.#login.nowMs(), part.sequence) : null;
  }

  seal(message: SealedMessage): Uint8Array {
    return this.#established().seal(message);
  }

  unseal(message: SealedMessage, token: Uint8Array): void {
    this.#established().unseal(message, token);
  }

  sign(bytes: Uint8Array): Buffer {
    return this.#established().sign(bytes);
  }

  verify(bytes: Uint8Array, token: Buffer): void {
    this.#established().verify(bytes, token);
  }

  #established(): GssSeal {
    if (this.#seal === null) throw new SecurityFault("a Kerberos login that is not complete");
    return this.#seal;
  }
}

/** Source: RFC 4121 4.1.1 (documented). No channel is bound. */
function gssChecksum(flags: number): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(16, 0);
  bytes.writeUInt32LE(flags, 20);
  return bytes;
}

/** Outside of the DCE style each token says which mechanism it is of. Source: RFC 2743 3.1 (documented). */
function frame(request: Buffer): Buffer {
  return tagged(0x60, KERBEROS_OID, TOKEN_ID.request, request);
}

function unframe(token: Buffer): Buffer {
  if (token[0] !== 0x60) return token;
  const outer = readDer(token);
  const oid = readDer(outer.content);
  const rest = outer.content.subarray(oid.raw.length);
  const id = rest.length < 2 ? 0 : rest.readUInt16BE(0);
  if (oid.tag !== 0x06 || (id !== TOKEN_ID.reply && id !== TOKEN_ID.error))
    throw new SecurityFault("no token of Kerberos");
  return rest.subarray(2);
}
