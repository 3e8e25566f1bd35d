import { type Framing, type MessageEvent, type MessageHead, MessageReader } from "./message-reader.ts";

/** One message as it went by. */
export interface RawMessage {
  readonly head: MessageHead;
  readonly framing: Framing;
  /** The body without chunk framing, in pieces; empty where it was not kept. */
  readonly body: readonly Uint8Array[];
  /** How long the body was, kept or not. */
  readonly bodyBytes: number;
  /** The body was too long to be kept: it went by, and only its length is known. */
  readonly isCut: boolean;
  /** False where the connection ended within it. */
  readonly isWhole: boolean;
  readonly trailers: MessageHead["headers"];
}

/** A question and what was said to it; no response where the connection ended first. */
export interface Exchange {
  readonly request: RawMessage;
  readonly response: RawMessage | null;
}

/** What all connections of one recorder may hold at once. */
export interface HeldBytes {
  left: number;
}

export interface ExchangeReaderOptions {
  readonly bodyBytesMax: number;
  readonly held: HeldBytes;
  readonly onExchange: (exchange: Exchange) => void;
  /** Final for this connection: nothing more of it can be told apart. What was understood before has been handed over. */
  readonly onFault: (reason: string) => void;
}

/** More questions than this without an answer are no firewall's. */
const PENDING_MAX = 128;

interface Growing {
  head: MessageHead;
  framing: Framing;
  body: Uint8Array[];
  bodyBytes: number;
  isCut: boolean;
  isWhole: boolean;
  isDone: boolean;
  trailers: MessageHead["headers"];
}

/**
 * Pairs the requests and the answers of one connection: pipelined ones in their order, interim answers passed over.
 *
 * Shape:  push what each side sent, as it was sent.
 * Units:  bytes. A body beyond `bodyBytesMax`, or beyond what is left of `held`, is not kept; its length is.
 * Errors: none thrown; a stream that cannot be followed is told once to `onFault`.
 */
export class ExchangeReader {
  readonly #options: ExchangeReaderOptions;
  readonly #client: MessageReader;
  readonly #server: MessageReader;
  readonly #requests: Growing[] = [];
  #response: Growing | null = null;
  #isLost = false;

  constructor(options: ExchangeReaderOptions) {
    this.#options = options;
    this.#client = new MessageReader({ role: "request", on: (event) => this.#takeRequest(event) });
    this.#server = new MessageReader({
      role: "response",
      methodAnswered: () => this.#requests[0]?.head.startLine.split(" ", 1)[0] ?? null,
      on: (event) => this.#takeResponse(event),
    });
  }

  fromClient(chunk: Uint8Array): void {
    if (!this.#isLost) this.#client.push(chunk);
  }

  fromServer(chunk: Uint8Array): void {
    if (!this.#isLost) this.#server.push(chunk);
  }

  /** The connection is over: what is still open is handed over as it stands. */
  close(): void {
    if (this.#isLost) return;
    this.#server.end();
    this.#client.end();
    this.#finish();
  }

  /** Lets go of what it holds without handing it over, and listens no more. */
  drop(): void {
    this.#isLost = true;
    for (const request of this.#requests.splice(0)) this.#release(request);
    if (this.#response !== null) this.#release(this.#response);
    this.#response = null;
  }

  #takeRequest(event: MessageEvent): void {
    if (event.kind === "head") {
      this.#requests.push(begin(event));
      if (this.#requests.length > PENDING_MAX) this.#lose("too many requests without an answer");
      return;
    }
    const request = this.#requests.at(-1);
    if (event.kind === "fault") {
      // A request cut by the end of the connection is no fault of the stream.
      if (!this.#isLost) this.#lose(`request: ${event.reason}`);
      return;
    }
    if (request !== undefined) this.#grow(request, event);
    if (event.kind === "end") this.#pair();
  }

  #takeResponse(event: MessageEvent): void {
    if (event.kind === "head") {
      this.#response = begin(event);
      return;
    }
    if (event.kind === "fault") {
      this.#lose(`response: ${event.reason}`);
      return;
    }
    const response = this.#response;
    if (response === null) return;
    this.#grow(response, event);
    if (event.kind !== "end") return;
    if (/^HTTP\/1\.[01] 1/.test(response.head.startLine)) {
      this.#response = null;
      return;
    }
    this.#pair();
  }

  #grow(message: Growing, event: Extract<MessageEvent, { kind: "body" | "end" }>): void {
    if (event.kind === "end") {
      message.isDone = true;
      message.isWhole = event.isWhole;
      message.trailers = event.trailers;
      return;
    }
    const { held, bodyBytesMax } = this.#options;
    message.bodyBytes += event.bytes.length;
    if (message.isCut) return;
    if (message.bodyBytes > bodyBytesMax || event.bytes.length > held.left) {
      message.isCut = true;
      this.#release(message);
      return;
    }
    held.left -= event.bytes.length;
    message.body.push(event.bytes.slice());
  }

  /** An answer may come before its request has ended (a refused body): the pair is handed over when both are there. */
  #pair(): void {
    const response = this.#response;
    const request = this.#requests[0];
    if (response?.isDone !== true || request?.isDone !== true) return;
    this.#requests.shift();
    this.#response = null;
    this.#emit({ request, response });
  }

  #finish(): void {
    const response = this.#response;
    this.#response = null;
    for (const [index, request] of this.#requests.splice(0).entries())
      this.#emit({ request, response: index === 0 ? response : null });
  }

  #emit(exchange: { readonly request: Growing; readonly response: Growing | null }): void {
    try {
      this.#options.onExchange(exchange);
    } finally {
      this.#release(exchange.request);
      if (exchange.response !== null) this.#release(exchange.response);
    }
  }

  #release(message: Growing): void {
    for (const piece of message.body) this.#options.held.left += piece.length;
    message.body = [];
  }

  #lose(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#finish();
    this.#options.onFault(reason);
  }
}

function begin({ head, framing }: Extract<MessageEvent, { kind: "head" }>): Growing {
  return { head, framing, body: [], bodyBytes: 0, isCut: false, isWhole: false, isDone: false, trailers: [] };
}
