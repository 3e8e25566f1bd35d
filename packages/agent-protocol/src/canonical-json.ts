import serialize from "canonicalize";

/**
 * The one byte form of a JSON value that signatures and digests are taken over.
 *
 * Shape:  keys sorted, no white space, numbers and strings as RFC 8785 (JCS) writes them. Key order of the
 *         input does not matter.
 * Errors: `TypeError` for a value JSON cannot hold (a function, `undefined` at the top, NaN, a cycle).
 * Source: RFC 8785, section 3.2 (documented).
 */
export function canonicalJson(value: unknown): string {
  const text = serialize(value);
  if (text === undefined) throw new TypeError("canonical JSON of a value that JSON cannot hold");
  return text;
}
