import type { Awaitable } from "./served-point.ts";

/**
 * Goes on with a value that is there already in the same turn of the event loop, and with a promised one when it comes.
 * An idle poll is answered without a single promise, and each check still stands once.
 */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
