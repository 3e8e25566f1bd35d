import type { Socket } from "node:net";
import type { IpAddress } from "@rollcall/identity-core";
import { DetectingDecoder } from "./framing.ts";
import type { FrameFault } from "./octet-counted-decoder.ts";

/** What the listener says to a line of a connection. */
export type LineVerdict =
  /** Done with: nothing to keep. */
  | { readonly kind: "done" }
  /** Kept until the reader has committed it; `onRelease` is then called. */
  | { readonly kind: "held" }
  /** Not now: offer it again after `waitMs`, or when `wake` is called. */
  | { readonly kind: "later"; readonly waitMs: number | null };

export interface ConnectionDeps {
  readonly sender: IpAddress;
  readonly maxFrameBytes: number;
  readonly maxUnacknowledged: number;
  onLine(sender: IpAddress, bytes: Uint8Array, onRelease: () => void): LineVerdict;
  onTooLong(sender: IpAddress, count: number): void;
  onFault(sender: IpAddress, fault: FrameFault): void;
  onClose(): void;
}

/**
 * One TCP sender. It reads on only while the lines that it handed over are acknowledged: a reader that stands still
 * makes the sender wait, not us hold more.
 */
export class TcpConnection {
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  readonly #decoder: DetectingDecoder;
  #frames: Uint8Array[] = [];
  #unacknowledged = 0;
  #hasFault = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#decoder = new DetectingDecoder(deps.maxFrameBytes);
    socket.setKeepAlive(true, 60_000);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("end", () => this.#finish());
    // A broken connection is a closed one: what came whole was taken, the rest is the sender's to send again.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.#retry !== null) clearTimeout(this.#retry);
      deps.onClose();
    });
  }

  /** Goes on where it stopped for lack of room. */
  wake(): void {
    if (this.#frames.length > 0 || this.#socket.isPaused()) this.#drain();
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    const { frames, fault, tooLong } = this.#decoder.push(chunk);
    if (tooLong > 0) this.#deps.onTooLong(this.#deps.sender, tooLong);
    this.#frames.push(...frames);
    if (fault !== null) {
      this.#hasFault = true;
      if (fault !== "frame-too-long") this.#deps.onFault(this.#deps.sender, fault);
    }
    this.#drain();
  }

  #finish(): void {
    this.#frames.push(...this.#decoder.end());
    this.#drain();
  }

  #drain(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    let taken = 0;
    for (const frame of this.#frames) {
      const verdict = this.#offer(frame);
      if (verdict.kind === "later") {
        this.#frames = this.#frames.slice(taken);
        this.#socket.pause();
        if (verdict.waitMs !== null) this.#retry = setTimeout(() => this.#drain(), verdict.waitMs);
        return;
      }
      taken += 1;
    }
    this.#frames = [];
    if (this.#hasFault) this.#socket.destroy();
    else this.#socket.resume();
  }

  #offer(frame: Uint8Array): LineVerdict {
    if (this.#unacknowledged >= this.#deps.maxUnacknowledged) return { kind: "later", waitMs: null };
    const verdict = this.#deps.onLine(this.#deps.sender, frame, () => this.#released());
    if (verdict.kind === "held") this.#unacknowledged += 1;
    return verdict;
  }

  #released(): void {
    this.#unacknowledged -= 1;
    // Once in a while, not for each line: half of the allowance is worth waking up for.
    if (this.#unacknowledged === Math.floor(this.#deps.maxUnacknowledged / 2) || this.#unacknowledged === 0)
      this.wake();
  }
}
