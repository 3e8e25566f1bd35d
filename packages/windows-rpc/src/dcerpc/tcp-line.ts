import net from "node:net";
import { decodePdu, type Pdu, PduFault } from "./pdu.ts";
import { PduSplitter } from "./pdu-splitter.ts";
import { RpcConnectionError } from "./rpc-faults.ts";

const KEEPALIVE_MS = 30_000;

export interface TcpLineOptions {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** An own address to call from. */
  readonly localAddress?: string;
}

/** What is asked of the peer now: PDUs go to `take` until it says that it has all. */
interface Exchange {
  take(pdu: Pdu): boolean;
  fail(error: Error): void;
}

/**
 * One TCP connection that carries PDUs; the thin part between sockets and codecs.
 *
 * Holds at most one exchange at a time. Whatever goes wrong closes it for good: a stream of sealed messages cannot be
 * entered again in the middle. Promises that every exchange ends, by its answer, its deadline, its signal or the line's end.
 */
export class TcpLine {
  readonly #socket: net.Socket;
  readonly #splitter = new PduSplitter();
  readonly #peer: string;
  #exchange: Exchange | null = null;
  #ended: RpcConnectionError | null = null;
  readonly #onEnd = new Set<(why: RpcConnectionError) => void>();

  private constructor(socket: net.Socket, peer: string) {
    this.#socket = socket;
    this.#peer = peer;
    socket.on("data", (piece) => this.#read(piece));
    socket.on("error", (cause) =>
      this.end(new RpcConnectionError("closed", `${peer}: the connection broke`, { cause })),
    );
    socket.on("close", () => this.end(new RpcConnectionError("closed", `${peer} closed the connection`)));
  }

  /** Errors: `RpcConnectionError` `unreachable`, `timeout`, `aborted`. */
  static async open(options: TcpLineOptions): Promise<TcpLine> {
    const peer = `${options.host}:${options.port}`;
    const { promise, resolve, reject } = openPromise<net.Socket>();
    const { host, port, localAddress } = options;
    const socket = net.connect({
      host,
      port,
      localAddress,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_MS,
    });
    const stop = watch(options, `connect to ${peer}`, reject);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (cause) =>
      reject(new RpcConnectionError("unreachable", `connect to ${peer}: ${cause.message}`, { cause })),
    );
    try {
      return new TcpLine(await promise, peer);
    } catch (error) {
      socket.on("error", () => {});
      socket.destroy();
      throw error;
    } finally {
      stop();
    }
  }

  get peer(): string {
    return this.#peer;
  }

  get isOpen(): boolean {
    return this.#ended === null;
  }

  /** This machine's address on the line. */
  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  /** Throws the reason where the line has ended. */
  assertOpen(): void {
    if (this.#ended !== null) throw this.#ended;
  }

  onEnd(tell: (why: RpcConnectionError) => void): void {
    if (this.#ended === null) this.#onEnd.add(tell);
    else tell(this.#ended);
  }

  /**
   * Sends `pdus` and gives what `take` makes of the answers: called for each PDU, `undefined` means "more is to come".
   * Errors: `RpcConnectionError`, and what `take` throws; all of it but a plain result ends the line, unless the thrown
   *         thing is marked by `keepsLine`.
   */
  async exchange<T>(
    pdus: readonly Buffer[],
    take: (pdu: Pdu) => T | undefined,
    limits: {
      readonly attempted: string;
      readonly timeoutMs: number;
      readonly signal?: AbortSignal;
      readonly keepsLine?: (error: unknown) => boolean;
    },
  ): Promise<T> {
    this.assertOpen();
    if (this.#exchange !== null) throw new Error("two exchanges on one line");
    const { promise, resolve, reject } = openPromise<T>();
    const stop = watch(limits, `${limits.attempted} at ${this.#peer}`, (error) => this.end(error));
    this.#exchange = {
      take: (pdu) => {
        try {
          const result = take(pdu);
          if (result === undefined) return false;
          resolve(result);
        } catch (error) {
          if (limits.keepsLine?.(error) !== true) this.end(asLineFault(error, limits.attempted, this.#peer));
          reject(error);
        }
        return true;
      },
      fail: reject,
    };
    for (const pdu of pdus) this.#socket.write(pdu);
    try {
      return await promise;
    } finally {
      stop();
      this.#exchange = null;
    }
  }

  /** Sends what is never answered. */
  send(pdu: Buffer): void {
    this.assertOpen();
    this.#socket.write(pdu);
  }

  /** Ends the line; the first reason stays. */
  end(why: RpcConnectionError): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    this.#socket.destroy();
    this.#exchange?.fail(why);
    for (const tell of this.#onEnd) tell(why);
    this.#onEnd.clear();
  }

  #read(piece: Buffer): void {
    try {
      for (const bytes of this.#splitter.push(piece)) {
        const pdu = decodePdu(bytes);
        if (this.#ended !== null) return;
        if (pdu.kind === "other") continue;
        if (this.#exchange === null) throw new PduFault(`a ${pdu.kind} that nobody asked for`);
        if (this.#exchange.take(pdu)) this.#exchange = null;
      }
    } catch (error) {
      this.end(asLineFault(error, "read an answer", this.#peer));
    }
  }
}

function asLineFault(cause: unknown, attempted: string, peer: string): RpcConnectionError {
  if (cause instanceof RpcConnectionError) return cause;
  const what = cause instanceof Error ? cause.message : String(cause);
  return new RpcConnectionError("protocol", `${attempted} at ${peer}: ${what}`, { cause });
}

/** Calls `end` at the deadline or the signal, whichever is first; gives what stops the watching. */
function watch(
  limits: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  attempted: string,
  end: (error: RpcConnectionError) => void,
): () => void {
  const { signal, timeoutMs } = limits;
  const abort = () => end(new RpcConnectionError("aborted", `${attempted}: given up`));
  const timer = setTimeout(
    () => end(new RpcConnectionError("timeout", `${attempted}: no answer in ${timeoutMs} ms`)),
    timeoutMs,
  );
  if (signal?.aborted === true) queueMicrotask(abort);
  else signal?.addEventListener("abort", abort, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  };
}

/** A promise with its ends in hand; `Promise.withResolvers` once the language level of the project has it. */
function openPromise<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
