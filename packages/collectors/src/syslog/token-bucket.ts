/** Lets `perSecond` through each second, and one second's worth at once after a pause. */
export class TokenBucket {
  #tokens: number;
  #refilledAt: number;
  readonly #perSecond: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#refilledAt = now;
  }

  /** True when one more may pass now. A clock that went back gives nothing and takes nothing. */
  take(now: number): boolean {
    const elapsedMs = Math.max(0, now - this.#refilledAt);
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (elapsedMs * this.#perSecond) / 1000);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
