import type { PostOutcome } from "./post-outcome.ts";

/** Time as an argument: tests move it, nobody sleeps. */
export interface PushClock {
  /** Epoch ms. */
  now(): number;
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The way to one firewall's Web API. */
export interface PushTransport {
  /** Sends one post. Errors: none thrown but the signal's; what happened is the outcome. */
  post(body: string, signal: AbortSignal): Promise<PostOutcome>;
  /** Whether anybody listens there, without posting: null, or a sentence why not. */
  probe(signal: AbortSignal): Promise<string | null>;
  /** What a person must know of this way while it works: null, or a sentence. */
  readonly warning: string | null;
  close(): void;
}
