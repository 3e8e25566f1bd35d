import type { BatchFrame, SrxResponse } from "@rollcall/srx-protocol";
import { respond } from "@rollcall/srx-protocol/response";

/** An answer as it goes on the wire: its head as text, its body in pieces, some of which other firewalls are given too. */
export interface PreparedAnswer {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value: in this order, and no others. */
  readonly headers: readonly string[];
  readonly body: readonly Uint8Array[];
  /** The head for a connection that stays open. */
  readonly head: string;
  /** Head and body in one piece, for answers that are given again and again; filled by whoever writes it first. */
  whole: Buffer | null;
}

const prepared = new WeakMap<SrxResponse, PreparedAnswer>();
const NOTHING: readonly Uint8Array[] = [];
const PRINTABLE = /^[\t -~]*$/;
/** Longer answers are not put together in one piece: their body is given on as it is. */
const WHOLE_BYTES_MAX = 16 * 1024;

/** Prepares an answer; for the constant ones (refusals, the empty document) only once. */
export function prepare(response: SrxResponse): PreparedAnswer {
  let answer = prepared.get(response);
  if (answer === undefined) {
    answer = prepareParts(response, response.body === "" ? NOTHING : [Buffer.from(response.body, "utf8")]);
    prepared.set(response, answer);
  }
  return answer;
}

/** An answer whose body stands in pieces already. */
export function prepareParts(
  response: Pick<SrxResponse, "status" | "reason" | "headers">,
  body: readonly Uint8Array[],
): PreparedAnswer {
  const { status, reason } = response;
  const headers = response.headers.flat();
  return { status, reason, headers, body, head: headText(status, reason, headers), whole: null };
}

/** A batch around entries that are written already. */
export function prepareBatch(frame: BatchFrame, entries: readonly Uint8Array[]): PreparedAnswer {
  const before = Buffer.from(frame.before, "utf8");
  const after = Buffer.from(frame.after, "utf8");
  const bytes = entries.reduce((sum, part) => sum + part.length, before.length + after.length);
  return prepareParts(respond(200, "OK", frame.contentType, "", frame.headers, bytes), [
    before,
    ...entries,
    after,
  ]);
}

/** The answer in one piece, kept for the next time; null for one that is too long for that. */
export function wholeAnswer(answer: PreparedAnswer): Buffer | null {
  if (answer.whole === null) {
    const bytes = answer.body.reduce((sum, piece) => sum + piece.length, 0);
    if (bytes > WHOLE_BYTES_MAX) return null;
    // Of its own, not cut from the pool: it may be kept as long as a token.
    const whole = Buffer.allocUnsafeSlow(answer.head.length + bytes);
    let at = whole.write(answer.head, "latin1");
    for (const piece of answer.body) {
      whole.set(piece, at);
      at += piece.length;
    }
    answer.whole = whole;
  }
  return answer.whole;
}

/** The headers of an answer after which the connection is closed. */
export function closing(headers: readonly string[]): string[] {
  return headers.map((text, at) => (headers[at - 1] === "Connection" && at % 2 === 1 ? "close" : text));
}

/**
 * Status line and headers with the empty line after them.
 *
 * Errors: thrown for a text that holds anything but printable ASCII: with a line end of its own, a custom profile could
 *         write headers that nobody meant.
 */
export function headText(status: number, reason: string, headers: readonly string[]): string {
  let lines = "";
  for (let at = 0; at < headers.length; at += 2) {
    const line = `${headers[at]}: ${headers[at + 1]}`;
    if (!PRINTABLE.test(line))
      throw new TypeError(`the header "${headers[at]}" holds a character no header may have`);
    lines += `${line}\r\n`;
  }
  return `HTTP/1.1 ${status} ${reason}\r\n${lines}\r\n`;
}
