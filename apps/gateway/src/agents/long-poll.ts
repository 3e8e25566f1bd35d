/** Where a wait hears that something may have changed. */
export interface WaitBell {
  /** Calls back at each ring of exactly this topic; gives the way to stop listening. */
  onTopic(topic: string, heard: () => void): () => void;
}

export interface WaitOptions<T> {
  readonly bell: WaitBell;
  readonly topic: string;
  /** Looks once; null: not yet. */
  readonly look: () => Promise<T | null>;
  readonly waitMs: number;
  /** How often to look without any ring: a lost ring must not cost more than this. */
  readonly pollMs: number;
  /** Aborted when the peer has gone or the gateway stops. */
  readonly signal: AbortSignal;
}

/**
 * Waits until `look` finds something.
 *
 * Shape:  what was found, or null when `waitMs` have passed or the signal fired. Looks at least once. A ring between
 *         two looks is not missed: listening begins before the first one.
 * Errors: what `look` throws.
 */
export async function waitFor<T>(options: WaitOptions<T>): Promise<T | null> {
  const { signal } = options;
  let rung = false;
  let wake: () => void = () => undefined;
  const hear = () => {
    rung = true;
    wake();
  };
  const stopListening = options.bell.onTopic(options.topic, hear);
  signal.addEventListener("abort", hear);
  const deadline = performance.now() + options.waitMs;
  try {
    while (!signal.aborted) {
      rung = false;
      const found = await options.look();
      if (found !== null) return found;
      const left = deadline - performance.now();
      if (left <= 0 || signal.aborted) return null;
      if (rung) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, options.pollMs));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return null;
  } finally {
    stopListening();
    signal.removeEventListener("abort", hear);
  }
}

const MAX_WAIT_SECONDS = 60;

/** Seconds that a peer asks to wait at most; 0 where it names none or nonsense. */
export function waitMsOf(query: URLSearchParams): number {
  const seconds = Number(query.get("wait") ?? "0");
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, MAX_WAIT_SECONDS) * 1000 : 0;
}

/** A whole number of the query that is not negative; null where it is absent or nonsense. */
export function countOf(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
