import { inspect } from "node:util";

const SHOWN = "[secret]";

/**
 * A value that must not be shown: password, key, connection string.
 *
 * Printed, logged, put into JSON or into a template it says `[secret]`. It is opened with `reveal()` at the one
 * call that needs it, so that a search for `reveal(` lists every place where a secret becomes text.
 */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
