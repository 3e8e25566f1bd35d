export interface Token {
  readonly value: string;
  /** Infinity when the server gave no lifetime: then a 401 tells. */
  readonly expiresAtMs: number;
}

/**
 * The token in hand, and the one request for the next.
 *
 * Held by one link, or by many that stand for one enforcement point. Those that need a token at one time share
 * one request for it; a token that one of them found refused is gone for all.
 */
export class TokenHolder {
  #token: Token | null = null;
  #fetching: Promise<Token> | null = null;

  get token(): Token | null {
    return this.#token;
  }

  /** The token while it is good at `nowMs`, else what `fetchToken` brings; throws what that throws. */
  async inHand(nowMs: number, fetchToken: () => Promise<Token>): Promise<Token> {
    if (this.#token && nowMs < this.#token.expiresAtMs) return this.#token;
    this.#fetching ??= fetchToken()
      .then((token) => {
        this.#token = token;
        return token;
      })
      .finally(() => {
        this.#fetching = null;
      });
    return this.#fetching;
  }

  /** Forgets a refused token, but not one that has come since. */
  drop(refused: Token): void {
    if (this.#token === refused) this.#token = null;
  }
}
