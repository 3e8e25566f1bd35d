import { utf8Length } from "../utf8.ts";
import type { Framing } from "./message-reader.ts";

/** One message as it is written down: nothing in it names anybody. */
export interface RecordedMessage {
  readonly startLine: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null where it is not written down. */
  readonly body: string | null;
  readonly bodyNote: string | null;
  /** Length on the wire, without chunk framing. */
  readonly bodyBytes: number;
  readonly framing: Framing;
  readonly isWhole: boolean;
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

/** One question and its answer. Times are since the recording began. */
export interface RecordedPair {
  readonly format: "rollcall-srx-pair";
  readonly version: 1;
  readonly number: number;
  readonly connection: number;
  readonly atMs: number;
  readonly tookMs: number;
  readonly request: RecordedMessage;
  readonly response: RecordedMessage | null;
}

/** The pair as NDJSON: one line that says when and where, one for the request, one for the response. */
export function writePair(pair: RecordedPair): string {
  const { request, response, ...about } = pair;
  const lines: unknown[] = [about, { kind: "request", ...request }];
  if (response !== null) lines.push({ kind: "response", ...response });
  return `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
}

/** Reads what `writePair` wrote. Null for anything else: a folder of recordings may hold other files. */
export function readPair(text: string): RecordedPair | null {
  const lines = text.split("\n").filter((line) => line !== "");
  if (lines.length < 2 || lines.length > 3) return null;
  const [about, request, response] = lines.map(parse);
  if (!isRecord(about) || about.format !== "rollcall-srx-pair" || about.version !== 1) return null;
  const { number, connection, atMs, tookMs } = about;
  if (!isNumber(number) || !isNumber(connection) || !isNumber(atMs) || !isNumber(tookMs)) return null;
  const asked = readMessage(request);
  const answered = lines.length === 3 ? readMessage(response) : null;
  if (asked === null || (lines.length === 3 && answered === null)) return null;
  return {
    format: "rollcall-srx-pair",
    version: 1,
    number,
    connection,
    atMs,
    tookMs,
    request: asked,
    response: answered,
  };
}

/**
 * The message as text, as it would stand on the wire with a plain body: chunked bodies are joined, and their header is
 * replaced by the length. What was not written down stands as a sentence in brackets.
 */
export function renderMessage(message: RecordedMessage): string {
  const body = message.body ?? (message.bodyNote === null ? "" : `[${message.bodyNote}]`);
  const headers = message.headers.map(([name, value]) =>
    message.framing === "chunked" && name.toLowerCase() === "transfer-encoding"
      ? `Content-Length: ${utf8Length(body)}\r\n`
      : `${name}: ${value}\r\n`,
  );
  return `${message.startLine}\r\n${headers.join("")}\r\n${body}`;
}

/** The pair for a reader: request, a rule, response. */
export function renderPair(pair: RecordedPair): string {
  const { number, connection, atMs, tookMs } = pair;
  const title = `### pair ${number}, connection ${connection}, ${(atMs / 1000).toFixed(3)} s after the recording began, answered in ${tookMs} ms`;
  const answer =
    pair.response === null ? "(the connection ended without an answer)" : renderMessage(pair.response);
  return `${title}\r\n${renderMessage(pair.request)}\r\n\r\n### answer\r\n${answer}\r\n`;
}

function readMessage(value: unknown): RecordedMessage | null {
  if (!isRecord(value)) return null;
  const { startLine, body, bodyNote, bodyBytes, framing, isWhole } = value;
  const headers = readHeaders(value.headers);
  const trailers = readHeaders(value.trailers);
  const how = (["none", "length", "chunked", "close"] as const).find((one) => one === framing);
  if (typeof startLine !== "string" || headers === null || trailers === null || how === undefined)
    return null;
  if (!isTextOrNull(body) || !isTextOrNull(bodyNote) || !isNumber(bodyBytes) || typeof isWhole !== "boolean")
    return null;
  return { startLine, headers, body, bodyNote, bodyBytes, framing: how, isWhole, trailers };
}

function readHeaders(value: unknown): [string, string][] | null {
  if (!Array.isArray(value)) return null;
  const headers: [string, string][] = [];
  for (const item of value) {
    if (!Array.isArray(item)) return null;
    const [name, text]: readonly unknown[] = item;
    if (typeof name !== "string" || typeof text !== "string") return null;
    headers.push([name, text]);
  }
  return headers;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}
