import dns from "node:dns/promises";
import net from "node:net";

const KDC_PORT = 88;
/** A ticket with the largest list of groups that Windows makes stays below 64 KiB; its reply has some more. */
const REPLY_BYTES_MAX = 256 * 1024;
const KDCS_MAX = 16;

/** No key distribution centre answered. */
export class NoKdcError extends Error {
  override readonly name = "NoKdcError";
  readonly code = "no-kdc";
}

export interface KdcAddress {
  readonly host: string;
  readonly port: number;
}

export interface KdcSearch {
  /** Host names or addresses of one realm, `host` or `host:port`, in the order to be tried. Empty: DNS is asked. */
  readonly kdcs?: readonly string[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly resolveSrv?: (
    name: string,
  ) => Promise<readonly { readonly name: string; readonly port: number; readonly priority: number }[]>;
}

/**
 * Where a realm's key distribution centres are: those given, else what DNS says, by priority.
 * Errors: `NoKdcError`.
 * Source: RFC 4120 7.2.3.2 (documented).
 */
export async function findKdcs(realm: string, search: KdcSearch): Promise<readonly KdcAddress[]> {
  const given = search.kdcs ?? [];
  if (given.length > 0) return given.slice(0, KDCS_MAX).map(addressOf);
  const name = `_kerberos._tcp.${realm.toLowerCase()}`;
  const resolveSrv = search.resolveSrv ?? dns.resolveSrv;
  try {
    const records = await resolveSrv(name);
    if (records.length === 0) throw new NoKdcError(`DNS has no record for ${name}`);
    return [...records]
      .sort((left, right) => left.priority - right.priority)
      .slice(0, KDCS_MAX)
      .map(({ name: host, port }) => ({ host, port }));
  } catch (cause) {
    if (cause instanceof NoKdcError) throw cause;
    throw new NoKdcError(`look up ${name} in DNS: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

function addressOf(text: string): KdcAddress {
  const match = /^\[?([^\]]+?)\]?(?::(\d{1,5}))?$/.exec(text);
  // An IPv6 address without brackets has colons of its own.
  if (match === null || (text.match(/:/g) ?? []).length > 1) return { host: text, port: KDC_PORT };
  return { host: match[1] ?? text, port: match[2] === undefined ? KDC_PORT : Number(match[2]) };
}

export interface KdcAnswer {
  readonly reply: Buffer;
  /** Who gave it. */
  readonly kdc: KdcAddress;
}

/** A proof of the password was sent, and nothing came back: whether it counted against the account is not known. */
export class UnansweredProofError extends Error {
  override readonly name = "UnansweredProofError";
}

/** The question had left when it failed. */
class SentError extends Error {}

/**
 * Asks one key distribution centre after the other until one answers; an answer that says no is an answer.
 *
 * Shape:  `provesPassword`: the next one is asked only where this one could not be reached. Else one slow evening of a domain
 *         would show a wrong password to each of its controllers.
 * Errors: `NoKdcError` with what each of them said; `UnansweredProofError`.
 */
export async function askKdcs(
  kdcs: readonly KdcAddress[],
  message: Buffer,
  limits: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly provesPassword?: boolean },
): Promise<KdcAnswer> {
  const reasons: string[] = [];
  for (const kdc of kdcs) {
    limits.signal?.throwIfAborted();
    try {
      return { reply: await askKdc(kdc, message, limits), kdc };
    } catch (error) {
      if (limits.provesPassword === true && error instanceof SentError)
        throw new UnansweredProofError(
          `${kdc.host}:${kdc.port} took the login and did not answer: ${error.message}`,
        );
      reasons.push(`${kdc.host}:${kdc.port}: ${error instanceof Error ? error.message : error}`);
    }
  }
  limits.signal?.throwIfAborted();
  throw new NoKdcError(`no key distribution centre answered (${reasons.join("; ")})`);
}

/** One message there and one back over TCP, each behind its length. Source: RFC 4120 7.2.2 (documented). */
function askKdc(
  { host, port }: KdcAddress,
  message: Buffer,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port });
    const pieces: Buffer[] = [];
    let bytes = 0;
    let isSent = false;
    const timer = setTimeout(() => end(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    const abort = () => end(new Error("given up"));
    signal?.addEventListener("abort", abort, { once: true });
    const end = (outcome: Buffer | Error) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      socket.destroy();
      if (outcome instanceof Error) reject(isSent ? new SentError(outcome.message) : outcome);
      else resolve(outcome);
    };
    socket.once("connect", () => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(message.length);
      isSent = true;
      socket.write(Buffer.concat([length, message]));
    });
    socket.on("data", (piece) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > REPLY_BYTES_MAX + 4)
        return end(new Error(`an answer of more than ${REPLY_BYTES_MAX} bytes`));
      const reply = wholeReply(pieces, bytes);
      if (reply !== null) end(reply);
    });
    socket.on("error", end);
    socket.on("close", () => end(new Error("closed without an answer")));
  });
}

function wholeReply(pieces: Buffer[], bytes: number): Buffer | null {
  if (bytes < 4) return null;
  const [first] = pieces;
  const head = first !== undefined && first.length >= 4 ? first : Buffer.concat(pieces);
  const length = head.readUInt32BE(0);
  return bytes < 4 + length ? null : Buffer.concat(pieces).subarray(4, 4 + length);
}
