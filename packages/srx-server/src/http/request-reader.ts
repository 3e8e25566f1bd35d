import { ChunkedBody } from "./chunked-body.ts";
import { type Head, headersOf, readHead } from "./read-head.ts";

/** One request as it stood on the wire. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly cookieHeader: string | undefined;
  /** A GET without a body. */
  readonly isBare: boolean;
  readonly keepAlive: boolean;
  /** As UTF-8; null: more than is taken, and not read. The connection cannot be used after it. */
  readonly body: string | null;
}

export type RequestFault = "malformed" | "headers-too-large" | "expectation";

export type Reading =
  | { readonly kind: "incomplete" }
  /** The other side waits to be told that it may send its body. Said once. */
  | { readonly kind: "continue" }
  | { readonly kind: "request"; readonly request: HttpRequest }
  /** Final: where the next request would begin is not known. */
  | { readonly kind: "fault"; readonly fault: RequestFault };

const INCOMPLETE: Reading = { kind: "incomplete" };
const CONTINUE: Reading = { kind: "continue" };
const MALFORMED: Reading = { kind: "fault", fault: "malformed" };
const NOTHING = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;

/**
 * Cuts the bytes of one connection into requests.
 *
 * Shape:  `push` gives bytes in, `next` gives the requests out, one at a time and in their order; what follows a request
 *         waits inside. It knows neither sockets nor time.
 * Units:  bytes. A head holds at most `headBytesMax`, a body `bodyBytesMax`.
 * Errors: none thrown: what cannot be read is a `fault`, after which nothing more is read. What RFC 9112 leaves open is
 *         refused (read-head.ts, chunked-body.ts). Bytes of a body that are not UTF-8 become replacement characters.
 * Source: RFC 9112 (documented). Compared with Node's own parser by request-reader.fuzz.test.ts.
 */
export class RequestReader {
  readonly #headBytesMax: number;
  readonly #bodyBytesMax: number;
  #bytes: Buffer = NOTHING;
  #from = 0;
  #to = 0;
  #isOwn = false;
  /** How far an unfinished head was looked through. */
  #seen = 0;
  #head: Head | null = null;
  /** Where the head stands: the body may come in another buffer. */
  #headBytes: Buffer = NOTHING;
  #chunks: ChunkedBody | null = null;
  #fault: Reading | null = null;
  #isContinueOwed = false;

  constructor(headBytesMax: number, bodyBytesMax: number) {
    this.#headBytesMax = headBytesMax;
    this.#bodyBytesMax = bodyBytesMax;
  }

  /** True between two requests: nothing of a next one has come. */
  get isBetween(): boolean {
    return this.#head === null && this.#from === this.#to;
  }

  /** True while the headers of a request have begun and are not whole. */
  get isInHead(): boolean {
    return this.#head === null && this.#from < this.#to;
  }

  push(chunk: Buffer): void {
    if (this.#from === this.#to) {
      this.#bytes = chunk;
      this.#from = 0;
      this.#to = chunk.length;
      this.#isOwn = false;
      this.#seen = 0;
      return;
    }
    if (!this.#isOwn || this.#bytes.length - this.#to < chunk.length) {
      // Twice what is needed, so that a peer sending byte by byte does not make us copy what it sent each time.
      const held = this.#to - this.#from;
      const grown = Buffer.allocUnsafe(2 * (held + chunk.length));
      this.#bytes.copy(grown, 0, this.#from, this.#to);
      this.#seen -= this.#from;
      this.#bytes = grown;
      this.#from = 0;
      this.#to = held;
      this.#isOwn = true;
    }
    chunk.copy(this.#bytes, this.#to);
    this.#to += chunk.length;
  }

  next(): Reading {
    if (this.#fault !== null) return this.#fault;
    if (this.#head === null) {
      const reading = this.#readHead();
      if (reading !== null) return reading;
    }
    const head = this.#head;
    return head === null ? INCOMPLETE : this.#readBody(head);
  }

  /** Null once the head is whole. */
  #readHead(): Reading | null {
    // One empty line before a request is forgiven: old clients send it after a body. Source: RFC 9112, section 2.2.
    if (this.#bytes[this.#from] === CR && this.#from + 1 < this.#to) {
      if (this.#bytes[this.#from + 1] !== LF) return this.#fail(MALFORMED);
      this.#from += 2;
    }
    const from = this.#from;
    if (from === this.#to) return INCOMPLETE;
    const end = this.#bytes
      .subarray(0, this.#to)
      .indexOf("\r\n\r\n", Math.max(from, this.#seen - 3), "latin1");
    if (end < 0 || end + 4 - from > this.#headBytesMax) {
      if (end >= 0 || this.#to - from > this.#headBytesMax)
        return this.#fail({ kind: "fault", fault: "headers-too-large" });
      return this.#looksLikeHead() ? INCOMPLETE : this.#fail(MALFORMED);
    }
    const head = readHead(this.#bytes, from, end + 2);
    if (head === null) return this.#fail(MALFORMED);
    if (head.expect !== undefined) {
      if (head.expect.toLowerCase() !== "100-continue")
        return this.#fail({ kind: "fault", fault: "expectation" });
      this.#isContinueOwed = true;
    }
    this.#head = head;
    this.#headBytes = this.#bytes;
    this.#from = end + 4;
    this.#seen = this.#from;
    return null;
  }

  /** Says early that bytes are no request: who speaks something else is not left waiting for the time to run out. */
  #looksLikeHead(): boolean {
    const bytes = this.#bytes;
    for (let at = Math.max(this.#from, this.#seen - 1); at < this.#to; at++) {
      const byte = bytes[at] ?? 0;
      if (
        byte === CR ? at + 1 < this.#to && bytes[at + 1] !== LF : byte === LF ? bytes[at - 1] !== CR : false
      )
        return false;
      if ((byte < SPACE && byte !== TAB && byte !== CR && byte !== LF) || byte === DELETE) return false;
    }
    this.#seen = this.#to;
    const first = bytes[this.#from] ?? 0;
    return (first >= 0x41 && first <= 0x5a) || (first === CR && this.#to - this.#from === 1);
  }

  #readBody(head: Head): Reading {
    const { contentLength, isChunked } = head;
    if (isChunked) {
      this.#chunks ??= new ChunkedBody(this.#bodyBytesMax);
      const reading = this.#chunks.read(this.#bytes, this.#from, this.#to);
      switch (reading.kind) {
        case "incomplete":
          this.#from = this.#to;
          return this.#waiting();
        case "malformed":
          return this.#fail(MALFORMED);
        case "too-large":
          return this.#whole(head, null);
        case "whole":
          this.#from = reading.at;
          this.#chunks = null;
          return this.#whole(head, reading.body.toString("utf8"));
      }
    }
    if (contentLength === null || contentLength === 0) return this.#whole(head, "");
    if (contentLength > this.#bodyBytesMax) return this.#whole(head, null);
    if (this.#to - this.#from < contentLength) return this.#waiting();
    const bodyFrom = this.#from;
    this.#from += contentLength;
    return this.#whole(head, this.#bytes.toString("utf8", bodyFrom, this.#from));
  }

  #waiting(): Reading {
    if (!this.#isContinueOwed) return INCOMPLETE;
    this.#isContinueOwed = false;
    return CONTINUE;
  }

  #whole(head: Head, body: string | null): Reading {
    this.#head = null;
    this.#isContinueOwed = false;
    this.#seen = this.#from;
    if (body === null) this.#fault = MALFORMED;
    return { kind: "request", request: new ReadRequest(head, this.#headBytes, body) };
  }

  #fail(fault: Reading): Reading {
    this.#fault = fault;
    this.#bytes = NOTHING;
    this.#from = 0;
    this.#to = 0;
    return fault;
  }
}

class ReadRequest implements HttpRequest {
  readonly #head: Head;
  readonly #bytes: Buffer;
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly cookieHeader: string | undefined;
  readonly isBare: boolean;
  readonly keepAlive: boolean;
  readonly body: string | null;
  #headers: Readonly<Record<string, string>> | null = null;

  constructor(head: Head, bytes: Buffer, body: string | null) {
    this.#head = head;
    this.#bytes = bytes;
    this.method = head.method;
    this.url = head.url;
    this.authorization = head.authorization;
    this.cookieHeader = head.cookie;
    this.isBare = head.method === "GET" && !head.isChunked && (head.contentLength ?? 0) === 0;
    this.keepAlive = head.keepAlive;
    this.body = body;
  }

  /** Made when somebody asks: an idle poll is answered without them. */
  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= headersOf(this.#bytes, this.#head.linesFrom, this.#head.linesTo);
    return this.#headers;
  }
}
