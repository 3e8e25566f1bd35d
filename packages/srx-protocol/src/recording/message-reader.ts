/** How the end of a body was told. */
export type Framing = "none" | "length" | "chunked" | "close";

/** The start line and the headers of a message, as sent: order and case kept, values without the blanks around them. */
export interface MessageHead {
  readonly startLine: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export type MessageEvent =
  | { readonly kind: "head"; readonly head: MessageHead; readonly framing: Framing }
  /** A piece of the body, without chunk framing. It is a view into what was pushed: copy it to keep it. */
  | { readonly kind: "body"; readonly bytes: Uint8Array }
  | { readonly kind: "end"; readonly trailers: MessageHead["headers"]; readonly isWhole: boolean }
  /** Final: the stream is no HTTP/1.1 that we can follow. */
  | { readonly kind: "fault"; readonly reason: string };

export interface MessageReaderOptions {
  readonly role: "request" | "response";
  /** Method of the request that the response now beginning answers; null where it is not known. Asked for responses only. */
  readonly methodAnswered?: () => string | null;
  readonly on: (event: MessageEvent) => void;
}

/** A head longer than this is no firewall's. */
export const HEAD_BYTES_MAX = 65_536;
const LINE_BREAK = 0x0a;
const PIECE = 8192;

type State =
  | { readonly at: "start-line" | "header" | "chunk-size" | "chunk-end" | "trailer" | "until-close" | "lost" }
  | { readonly at: "bytes" | "chunk"; left: number };

/**
 * Follows one direction of an HTTP/1.1 connection, for a recorder that stands beside it and changes nothing.
 *
 * Shape:  push bytes as they come, cut anywhere; events come in order. Interim responses (1xx) are messages of their own.
 * Units:  bytes; a head or a trailer of more than `HEAD_BYTES_MAX` is a fault.
 * Errors: none thrown; what cannot be followed is one `fault`, and everything after it is passed over. Linear time.
 * Source: RFC 9112, sections 2.2, 6 and 7 (documented); a bare LF is taken as a line's end, as section 2.2 allows.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions;
  #state: State = { at: "start-line" };
  #line = "";
  #headBytes = 0;
  #startLine = "";
  #headers: [string, string][] = [];

  constructor(options: MessageReaderOptions) {
    this.#options = options;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const state = this.#state;
      switch (state.at) {
        case "lost":
          return;
        case "until-close":
          this.#options.on({ kind: "body", bytes: chunk.subarray(at) });
          return;
        case "bytes":
        case "chunk": {
          const end = Math.min(chunk.length, at + state.left);
          this.#options.on({ kind: "body", bytes: chunk.subarray(at, end) });
          state.left -= end - at;
          at = end;
          if (state.left === 0) {
            if (state.at === "bytes") this.#end();
            else this.#state = { at: "chunk-end" };
          }
          break;
        }
        default: {
          const found = chunk.indexOf(LINE_BREAK, at);
          const end = found < 0 ? chunk.length : found;
          this.#headBytes += end - at + 1;
          if (this.#headBytes > HEAD_BYTES_MAX) {
            this.#lose("a head or trailer is longer than 64 KiB");
            return;
          }
          this.#line += latin1(chunk.subarray(at, end));
          at = end + 1;
          if (found >= 0) this.#takeLine();
        }
      }
    }
  }

  /** The sender will send nothing more. */
  end(): void {
    const { at } = this.#state;
    if (at === "lost" || (at === "start-line" && this.#line === "")) return;
    if (at === "until-close") {
      this.#end();
      return;
    }
    this.#state = { at: "lost" };
    // A message that the connection cut is told as far as it came; a cut head was no message yet.
    if (at !== "start-line" && at !== "header")
      this.#options.on({ kind: "end", trailers: [], isWhole: false });
  }

  #takeLine(): void {
    const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
    this.#line = "";
    switch (this.#state.at) {
      case "start-line":
        // Section 2.2: an empty line before a request is passed over.
        if (line === "") return;
        if (!startLineOf(this.#options.role).test(line)) {
          this.#lose("the start line is not HTTP/1");
          return;
        }
        this.#startLine = line;
        this.#state = { at: "header" };
        return;
      case "header":
        if (line === "") {
          this.#beginBody();
          return;
        }
        this.#takeHeader(line);
        return;
      case "chunk-size": {
        const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
        if (size === undefined) {
          this.#lose("a chunk has no length");
          return;
        }
        const left = Number.parseInt(size, 16);
        this.#headBytes = 0;
        this.#headers = left === 0 ? [] : this.#headers;
        this.#state = left === 0 ? { at: "trailer" } : { at: "chunk", left };
        return;
      }
      case "chunk-end":
        if (line !== "") {
          this.#lose("a chunk is longer than it said");
          return;
        }
        this.#state = { at: "chunk-size" };
        return;
      case "trailer":
        if (line === "") {
          this.#end(this.#headers);
          return;
        }
        this.#takeHeader(line);
        return;
      default:
        return;
    }
  }

  #takeHeader(line: string): void {
    const last = this.#headers.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] = `${last[1]} ${line.trim()}`;
      return;
    }
    const colon = line.indexOf(":");
    if (colon < 1) {
      this.#lose("a header has no name");
      return;
    }
    this.#headers.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }

  #beginBody(): void {
    const framing = this.#framing();
    if (framing === null) return;
    const head = { startLine: this.#startLine, headers: this.#headers };
    this.#headers = [];
    this.#headBytes = 0;
    this.#options.on({ kind: "head", head, framing: framing.how });
    switch (framing.how) {
      case "none":
        this.#end();
        return;
      case "length":
        if (framing.length === 0) {
          this.#end();
          return;
        }
        this.#state = { at: "bytes", left: framing.length };
        return;
      case "chunked":
        this.#state = { at: "chunk-size" };
        return;
      case "close":
        this.#state = { at: "until-close" };
    }
  }

  /** Null after a fault. Source: RFC 9112, section 6.3 (documented). */
  #framing():
    | { readonly how: "length"; readonly length: number }
    | { readonly how: Exclude<Framing, "length"> }
    | null {
    const isResponse = this.#options.role === "response";
    if (isResponse) {
      const status = Number(this.#startLine.split(" ")[1]);
      if (status === 101) {
        this.#lose("the connection was switched to another protocol");
        return null;
      }
      const method = this.#options.methodAnswered?.() ?? null;
      if (status < 200 || status === 204 || status === 304 || method === "HEAD") return { how: "none" };
      if (method === "CONNECT" && status < 300) {
        this.#lose("the connection became a tunnel");
        return null;
      }
    }
    const encodings = this.#valuesOf("transfer-encoding").join(",").toLowerCase();
    if (encodings !== "") {
      if (/(?:^|[\s,])chunked\s*$/.test(encodings)) return { how: "chunked" };
      if (isResponse) return { how: "close" };
      this.#lose("a request's transfer encoding is not known");
      return null;
    }
    const lengths = new Set(
      this.#valuesOf("content-length").flatMap((value) => value.split(",").map((one) => one.trim())),
    );
    if (lengths.size === 0) return { how: isResponse ? "close" : "none" };
    const [length = ""] = lengths;
    if (lengths.size > 1 || !/^\d{1,15}$/.test(length)) {
      this.#lose("the lengths of a body disagree");
      return null;
    }
    return { how: "length", length: Number(length) };
  }

  #valuesOf(name: string): string[] {
    return this.#headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
  }

  #end(trailers: MessageHead["headers"] = []): void {
    this.#headers = [];
    this.#startLine = "";
    this.#headBytes = 0;
    this.#state = { at: "start-line" };
    this.#options.on({ kind: "end", trailers, isWhole: true });
  }

  #lose(reason: string): void {
    this.#state = { at: "lost" };
    this.#line = "";
    this.#headers = [];
    this.#options.on({ kind: "fault", reason });
  }
}

function startLineOf(role: "request" | "response"): RegExp {
  return role === "request"
    ? /^[!-~]{1,64} \S.* HTTP\/1\.[01]$|^[!-~]{1,64} \S HTTP\/1\.[01]$/
    : /^HTTP\/1\.[01] [1-9]\d\d(?: .*)?$/;
}

/** Bytes as characters of the same number: heads are ASCII, and what is not comes back as it was sent. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return text;
}
