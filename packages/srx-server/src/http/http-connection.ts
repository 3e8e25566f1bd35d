import type { Socket } from "node:net";
import { type EngineOptions, HEADER_BYTES_MAX } from "../engine.ts";
import type { Exchange } from "../exchange.ts";
import type { LoopShare } from "../loop-share.ts";
import { peerAddressOf, peerTransportOf } from "../peer.ts";
import { closing, headText, type PreparedAnswer, wholeAnswer } from "../prepared-answer.ts";
import type { BodyReading } from "../read-body.ts";
import { AnswerPieces } from "./answer-pieces.ts";
import { type HttpRequest, type RequestFault, RequestReader } from "./request-reader.ts";

/** What a connection is doing; each has a time it may take. */
type Phase = "fresh" | "idle" | "head" | "body" | "answering" | "writing" | "closing";

/** What is handed to TLS at once: all that a reader which does not read costs, beside a reference to its page. */
const PIECE_BYTES = 64 * 1024;
/** How long the rest of what a refused peer sends is thrown away, so that it can read why it was refused. */
const LINGER_MS = 1000;
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const REFUSALS: Readonly<Record<RequestFault | "timeout", string>> = {
  malformed: "400 Bad Request",
  "headers-too-large": "431 Request Header Fields Too Large",
  expectation: "417 Expectation Failed",
  timeout: "408 Request Timeout",
};

/**
 * One secured connection of a firewall.
 *
 * Holds at most one unanswered request and one unfinished answer: what comes meanwhile waits in the socket, which is told
 * to stop. Requests are answered in their order.
 * Errors: none leaves. Bytes that are no request are answered 400, 417 or 431 and the connection is closed; a peer that
 *         takes too long is told 408, or cut where it does not read.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #options: EngineOptions;
  readonly #sending: LoopShare;
  readonly #reader: RequestReader;
  readonly sourceIp: string;
  #transport: string | null = null;
  #exchange: HttpExchange | null = null;
  #pieces: AnswerPieces | null = null;
  #isServing = false;
  #hasEnded = false;
  #phase: Phase = "fresh";
  #since = performance.now();

  /** `sending` is one for all connections: how much of a turn their long answers may take together. */
  constructor(socket: Socket, options: EngineOptions, sending: LoopShare) {
    this.#socket = socket;
    this.#options = options;
    this.#sending = sending;
    this.#reader = new RequestReader(HEADER_BYTES_MAX, options.limits.bodyBytesMax);
    this.sourceIp = peerAddressOf(socket);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("drain", () => this.#drained());
    socket.on("end", () => this.#ended());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#closed());
  }

  get transport(): string {
    this.#transport ??= peerTransportOf(this.#socket);
    return this.#transport;
  }

  closeIfIdle(): void {
    if (this.#exchange === null && this.#phase !== "writing" && this.#phase !== "closing")
      this.#socket.destroySoon();
  }

  /** Closes a connection that has had its time. `now` is of `performance.now()`. */
  checkTime(now: number): void {
    const { limits } = this.#options;
    const took = now - this.#since;
    switch (this.#phase) {
      case "fresh":
        if (took > limits.headersTimeoutMs) this.#socket.destroySoon();
        return;
      case "idle":
        if (took > limits.keepAliveTimeoutMs) this.#socket.destroySoon();
        return;
      case "head":
        if (took > limits.headersTimeoutMs) this.#refuse("timeout");
        return;
      case "body":
        if (took > limits.requestTimeoutMs) this.#refuse("timeout");
        return;
      case "answering":
      case "writing":
        if (took > limits.stalledAnswerMs) this.#socket.destroy();
        return;
      case "closing":
        if (took > LINGER_MS) this.#socket.destroy();
    }
  }

  #take(chunk: Buffer): void {
    if (this.#phase === "closing") return;
    this.#reader.push(chunk);
    if (this.#exchange !== null || this.#phase === "writing") this.#socket.pause();
    else this.#serve();
  }

  /** Answers what is there, until something is missing or an answer takes its time. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    while (this.#exchange === null && this.#phase !== "writing" && this.#phase !== "closing") {
      const reading = this.#reader.next();
      if (reading.kind === "request") {
        // Its time counts from the moment it had to wait for something; the common answer is out before this returns.
        this.#phase = "answering";
        this.#exchange = new HttpExchange(this, reading.request);
        this.#options.handle(this.#exchange);
        if (this.#phase === "answering") this.#enter("answering");
      } else if (reading.kind === "continue") {
        this.#socket.write(CONTINUE);
      } else if (reading.kind === "fault") {
        this.#refuse(reading.fault);
      } else {
        this.#wait();
        break;
      }
    }
    this.#isServing = false;
  }

  /** Something of a request is missing. The time of a request counts from its first byte. */
  #wait(): void {
    const reader = this.#reader;
    if (reader.isBetween) {
      if (this.#hasEnded) this.#end();
      else if (this.#phase !== "fresh") this.#enter("idle");
    } else if (this.#hasEnded) {
      this.#socket.destroy();
    } else if (this.#phase !== "head" && this.#phase !== "body") {
      this.#enter(reader.isInHead ? "head" : "body");
    } else if (!reader.isInHead) this.#phase = "body";
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Writes the answer to the request under way. */
  answer(answer: PreparedAnswer, isLast: boolean, isHeadOnly: boolean): void {
    const socket = this.#socket;
    this.#exchange = null;
    if (socket.destroyed) return;
    const head = isLast ? headText(answer.status, answer.reason, closing(answer.headers)) : answer.head;
    if (isHeadOnly || isLast) {
      const body = isHeadOnly ? [] : answer.body;
      this.#send(new AnswerPieces([Buffer.from(head, "latin1"), ...body], PIECE_BYTES), isLast);
      return;
    }
    const whole = wholeAnswer(answer);
    if (whole === null) {
      this.#send(new AnswerPieces([Buffer.from(head, "latin1"), ...answer.body], PIECE_BYTES), false);
      return;
    }
    this.#enter(socket.write(whole) ? "idle" : "writing");
    this.#serve();
  }

  abandon(): void {
    this.#exchange = null;
    this.#socket.destroy();
  }

  /**
   * Hands over one piece after another: the next when the one before has left, and in a later turn of the event loop where
   * pieces have had their share of this one. A hundred readers of a whole table would otherwise be 6 MB a turn, which
   * everybody who asks for a few bytes waits for.
   */
  #send(pieces: AnswerPieces, isLast: boolean): void {
    this.#enter("writing");
    this.#pieces = pieces;
    const sending = this.#sending;
    const step = (error?: Error | null): void => {
      if (error || this.#socket.destroyed) return;
      this.#since = performance.now();
      if (sending.isOver) {
        void sending.next().then(() => step());
        return;
      }
      const piece = pieces.next();
      if (piece !== null) {
        sending.work(() => this.#socket.write(piece, step));
        return;
      }
      this.#pieces = null;
      if (isLast) {
        this.#end();
        return;
      }
      this.#enter("idle");
      this.#serve();
    };
    step();
  }

  /** A short answer that had to wait for the ones before it has gone. */
  #drained(): void {
    if (this.#phase !== "writing" || this.#pieces !== null) return;
    this.#enter("idle");
    this.#serve();
  }

  #refuse(fault: RequestFault | "timeout"): void {
    this.#options.counters.malformed += 1;
    this.#socket.write(`HTTP/1.1 ${REFUSALS[fault]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    this.#end();
  }

  /** Ends our side. What still comes is thrown away for a moment, see `LINGER_MS`. */
  #end(): void {
    this.#enter("closing");
    this.#socket.end();
    if (this.#hasEnded) this.#socket.destroySoon();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #ended(): void {
    this.#hasEnded = true;
    if (this.#phase === "closing") this.#socket.destroySoon();
    else if (this.#exchange === null && this.#phase !== "writing") this.#wait();
  }

  #closed(): void {
    this.#phase = "closing";
    this.#exchange = null;
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#since = performance.now();
  }
}

class HttpExchange implements Exchange {
  readonly #connection: HttpConnection;
  readonly #request: HttpRequest;
  readonly method: string;
  readonly url: string;
  readonly isBare: boolean;
  isAnswered = false;

  constructor(connection: HttpConnection, request: HttpRequest) {
    this.#connection = connection;
    this.#request = request;
    this.method = request.method;
    this.url = request.url;
    this.isBare = request.isBare;
  }

  get headers(): Exchange["headers"] {
    return this.#request.headers;
  }

  get authorization(): string | undefined {
    return this.#request.authorization;
  }

  get cookieHeader(): string | undefined {
    return this.#request.cookieHeader;
  }

  get sourceIp(): string {
    return this.#connection.sourceIp;
  }

  transport(): string {
    return this.#connection.transport;
  }

  readBody(): BodyReading {
    const { body } = this.#request;
    return body === null ? { kind: "too-large" } : { kind: "body", text: body };
  }

  write(answer: PreparedAnswer, close: boolean): void {
    if (this.isAnswered) return;
    this.isAnswered = true;
    this.#connection.answer(answer, close || !this.#request.keepAlive, this.method === "HEAD");
  }

  abandon(): void {
    this.isAnswered = true;
    this.#connection.abandon();
  }
}
