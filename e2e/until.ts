/** It will never come: waiting longer is no use. */
export class Hopeless extends Error {}

/**
 * Asks `look` again and again until it gives something other than null, undefined or false.
 * Shape: what it gave, and how long it took in ms. Errors: throws after `limitMs` with `what` and the last answer.
 */
export async function until<T>(
  what: string,
  limitMs: number,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<{ value: T; tookMs: number }> {
  const began = performance.now();
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value) return { value, tookMs: Math.round(performance.now() - began) };
      last = value;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      last = error;
    }
    const tookMs = performance.now() - began;
    if (tookMs > limitMs) {
      const detail = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`${what}: not within ${limitMs} ms (last answer: ${detail})`);
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}
