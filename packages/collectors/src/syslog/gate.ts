/** Lets waiters go on when something happens. A wait also ends when its signal aborts. */
export class Gate {
  readonly #waiting = new Set<() => void>();

  open(): void {
    for (const goOn of this.#waiting) goOn();
  }

  wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const goOn = () => {
        this.#waiting.delete(goOn);
        signal.removeEventListener("abort", goOn);
        resolve();
      };
      this.#waiting.add(goOn);
      signal.addEventListener("abort", goOn);
    });
  }
}
