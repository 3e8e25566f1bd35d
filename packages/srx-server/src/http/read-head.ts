import { METHODS } from "node:http";

/** Where the fields of a request stand that decide how it is read on. `null`: the bytes are no request line with headers. */
export interface Head {
  readonly method: string;
  readonly url: string;
  readonly isHttp10: boolean;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly expect: string | undefined;
  readonly contentLength: number | null;
  readonly isChunked: boolean;
  /** Whether the connection serves another request after this one. */
  readonly keepAlive: boolean;
  /** Where the header lines begin and end. */
  readonly linesFrom: number;
  readonly linesTo: number;
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const HEADER_LINES_MAX = 200;
/** More digits than any body that is taken has. */
const LENGTH_DIGITS_MAX = 10;

// CONNECT asks for a tunnel: what follows is not HTTP, so it is refused as unreadable.
const KNOWN_METHODS = new Set(METHODS.filter((method) => method !== "CONNECT"));

const TOKEN = classOf((code) => /[A-Za-z0-9!#$%&'*+\-.^_`|~]/.test(String.fromCharCode(code)));
const TARGET = classOf((code) => code > SPACE && code < 0x7f);
const VALUE = classOf((code) => code === TAB || (code >= SPACE && code !== 0x7f));

/** A byte of what must stand once only: where it stands twice, two readers could understand two things. */
type OnceName = "host" | "content-length" | "transfer-encoding" | "authorization" | "content-type" | "expect";
const ONCE_BY_LENGTH: ReadonlyMap<number, readonly (OnceName | "cookie" | "connection")[]> = new Map([
  [4, ["host"]],
  [6, ["cookie", "expect"]],
  [10, ["connection"]],
  [12, ["content-type"]],
  [13, ["authorization"]],
  [14, ["content-length"]],
  [17, ["transfer-encoding"]],
] as const);

/**
 * Reads a request line and the header lines after it.
 *
 * Shape:  `from` is the first byte of the request line, `to` the end of the last header line, CR LF included.
 * Errors: null for everything that RFC 9112 calls malformed, and for what it allows but leaves two readings of: bare CR or
 *         LF, folded lines, blanks before a colon, control characters, a repeated or signed length, a length beside chunks,
 *         any transfer coding but `chunked`, a repeated host, HTTP/1.1 without a host, another version than 1.0 and 1.1.
 *         Work is linear in the bytes; each is looked at once.
 * Source: RFC 9112, sections 3, 5 and 6 (documented); at least as strict as llhttp, held so by request-reader.fuzz.test.ts.
 */
export function readHead(bytes: Buffer, from: number, to: number): Head | null {
  let at = from;
  while (TOKEN[bytes[at] ?? 0] === 1) at++;
  const method = bytes.toString("latin1", from, at);
  if (bytes[at] !== SPACE || !KNOWN_METHODS.has(method)) return null;
  const urlFrom = ++at;
  while (TARGET[bytes[at] ?? 0] === 1) at++;
  if (bytes[at] !== SPACE || !isTarget(bytes, urlFrom, at)) return null;
  const url = bytes.toString("latin1", urlFrom, at);
  const version = bytes.toString("latin1", at, at + 11);
  if (version !== " HTTP/1.1\r\n" && version !== " HTTP/1.0\r\n") return null;
  const isHttp10 = version === " HTTP/1.0\r\n";
  at += 11;
  const linesFrom = at;

  let lines = 0;
  let host: string | undefined;
  let authorization: string | undefined;
  let cookie: string | undefined;
  let contentType: string | undefined;
  let expect: string | undefined;
  let length: string | undefined;
  let coding: string | undefined;
  let connection: string | undefined;
  while (at < to) {
    const nameFrom = at;
    while (TOKEN[bytes[at] ?? 0] === 1) at++;
    const nameTo = at;
    if (nameTo === nameFrom || bytes[at] !== COLON || ++lines > HEADER_LINES_MAX) return null;
    at++;
    while (bytes[at] === SPACE || bytes[at] === TAB) at++;
    const valueFrom = at;
    while (VALUE[bytes[at] ?? 0] === 1) at++;
    if (bytes[at] !== CR || bytes[at + 1] !== LF || at + 2 > to) return null;
    let valueTo = at;
    while (valueTo > valueFrom && (bytes[valueTo - 1] === SPACE || bytes[valueTo - 1] === TAB)) valueTo--;
    at += 2;
    const name = nameAt(bytes, nameFrom, nameTo);
    if (name === null) continue;
    const value = bytes.toString("latin1", valueFrom, valueTo);
    switch (name) {
      case "host":
        if (host !== undefined) return null;
        host = value;
        break;
      case "authorization":
        if (authorization !== undefined) return null;
        authorization = value;
        break;
      case "content-type":
        if (contentType !== undefined) return null;
        contentType = value;
        break;
      case "expect":
        if (expect !== undefined) return null;
        expect = value;
        break;
      case "content-length":
        if (length !== undefined) return null;
        length = value;
        break;
      case "transfer-encoding":
        if (coding !== undefined) return null;
        // Untrimmed: what stands after the coding is looked at too.
        coding = bytes.toString("latin1", valueFrom, at - 2);
        break;
      case "cookie":
        cookie = cookie === undefined ? value : `${cookie}; ${value}`;
        break;
      case "connection":
        connection = connection === undefined ? value : `${connection},${value}`;
    }
  }
  if (at !== to || (host === undefined && !isHttp10)) return null;
  if (length !== undefined && (coding !== undefined || !isLength(length))) return null;
  if (coding !== undefined && (isHttp10 || !/^chunked *$/i.test(coding))) return null;
  return {
    method,
    url,
    isHttp10,
    authorization,
    cookie,
    expect: isHttp10 ? undefined : expect,
    contentLength: length === undefined ? null : Number(length),
    isChunked: coding !== undefined,
    keepAlive: staysOpen(isHttp10, connection),
    linesFrom,
    linesTo: to,
  };
}

/**
 * The headers as Node gives them: names in lower case, values joined by a comma, cookies by a semicolon.
 *
 * Shape:  only for lines that `readHead` has taken. A header that Node keeps the first of keeps its first here too.
 */
export function headersOf(bytes: Buffer, from: number, to: number): Readonly<Record<string, string>> {
  const headers: Record<string, string> = Object.create(null);
  for (const line of bytes.toString("latin1", from, to).split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = trimBlanks(line, colon + 1);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (name === "cookie") headers[name] = `${before}; ${value}`;
    else if (!KEPT_FIRST.has(name)) headers[name] = `${before}, ${value}`;
  }
  return headers;
}

const KEPT_FIRST = new Set(
  `age etag expires from if-modified-since if-unmodified-since last-modified location max-forwards
   proxy-authorization referer retry-after server user-agent`.split(/\s+/),
);

function trimBlanks(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** The header of that name where it is one that is looked at here. Most headers are told apart by their length alone. */
function nameAt(bytes: Buffer, from: number, to: number): OnceName | "cookie" | "connection" | null {
  const candidates = ONCE_BY_LENGTH.get(to - from);
  if (candidates === undefined) return null;
  for (const name of candidates) {
    let index = 0;
    // A hyphen is the same with the bit of lower case set; no other token character becomes a letter by it.
    while (index < name.length && ((bytes[from + index] ?? 0) | 0x20) === name.charCodeAt(index)) index++;
    if (index === name.length) return name;
  }
  return null;
}

/** A path, the form towards a proxy, or `*`. Source: RFC 9112, section 3.2 (documented). */
function isTarget(bytes: Buffer, from: number, to: number): boolean {
  if (bytes[from] === 0x2f) return true;
  const target = bytes.toString("latin1", from, to);
  return target === "*" || /^https?:\/\/[A-Za-z0-9._:[\]-]+(?:[/?]|$)/i.test(target);
}

function isLength(text: string): boolean {
  return text.length <= LENGTH_DIGITS_MAX && /^\d+$/.test(text);
}

/** Source: RFC 9112, section 9.3 (documented). */
function staysOpen(isHttp10: boolean, connection: string | undefined): boolean {
  if (connection === undefined) return !isHttp10;
  const options = connection
    .toLowerCase()
    .split(",")
    .map((option) => option.trim());
  return isHttp10 ? options.includes("keep-alive") && !options.includes("close") : !options.includes("close");
}

function classOf(isIn: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => Number(isIn(code)));
}
