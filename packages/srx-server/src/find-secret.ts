import { andThen } from "./and-then.ts";
import type { Awaitable, ServedPoint } from "./served-point.ts";
import { mayAskFrom } from "./source-address.ts";

/** A secret that may be the one, and whose it is. */
export interface KeptSecret {
  readonly verifier: string;
  readonly point: ServedPoint;
}

export type FoundSecret<T> =
  | { readonly kind: "found"; readonly secret: T }
  | { readonly kind: "wrong-secret" }
  /** Only secrets were left whose check costs too much to be made for an address that may not ask in any case. */
  | { readonly kind: "source-address" };

/**
 * Finds the secret that somebody claims to have among those kept.
 *
 * Shape:  quick checks first. Slow ones (PHC strings of secrets that a person chose) only for askers from an address that the
 *         point may ask from: strangers cannot make us work. A promise only where a slow check is made.
 * Errors: what `verify` throws is thrown on.
 */
export function findSecret<T extends KeptSecret>(
  kept: readonly T[],
  claim: { readonly secret: string; readonly sourceIp: string },
  verify: (secret: string, verifier: string) => Awaitable<boolean>,
): Awaitable<FoundSecret<T>> {
  const quick = kept.filter(({ verifier }) => !isSlow(verifier));
  const slow = kept.filter(({ verifier }) => isSlow(verifier));
  const worth = slow.filter(({ point }) => mayAskFrom(point, claim.sourceIp));
  return andThen(
    firstThat([...quick, ...worth], ({ verifier }) => verify(claim.secret, verifier)),
    (secret) => {
      if (secret !== null) return { kind: "found", secret };
      return { kind: slow.length > 0 && worth.length === 0 ? "source-address" : "wrong-secret" };
    },
  );
}

function isSlow(verifier: string): boolean {
  return verifier.startsWith("$");
}

function firstThat<T>(
  items: readonly T[],
  is: (item: T) => Awaitable<boolean>,
  from = 0,
): Awaitable<T | null> {
  const item = items[from];
  if (item === undefined) return null;
  return andThen(is(item), (yes) => (yes ? item : firstThat(items, is, from + 1)));
}
