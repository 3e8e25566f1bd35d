import { readAnswerDocument } from "./answer-document.ts";
import type { SeenPair } from "./classify-pairs.ts";

/** One place in an answer that held a text which a later request sent back. */
export type CookiePlace =
  | { readonly kind: "body"; readonly key: string }
  | { readonly kind: "setCookie"; readonly name: string; readonly path: string }
  | { readonly kind: "header"; readonly name: string };

export interface CookieUse {
  readonly places: readonly CookiePlace[];
  /** How requests named it when they sent it back; null where none did. */
  readonly sentAs: { readonly in: "parameter" | "header"; readonly name: string } | null;
}

const TEXT_MIN = 4;
const NAME = /cookie|cursor|next|report|token/i;

/**
 * Finds what an answer gave and a later batch request sent back: that is the cookie, whatever it is called.
 *
 * Shape:  all places of the answers that held it, in the order body, `Set-Cookie`, other header. Where nothing was sent
 *         back, the places whose names speak of a cookie, and `sentAs` null.
 */
export function inferCookie(pairs: readonly SeenPair[]): CookieUse {
  const batches = pairs.filter(({ kind }) => kind === "batch");
  const given = new Map<string, CookiePlace[]>();
  const byName = new Map<string, CookiePlace>();
  const used = new Map<string, CookiePlace>();
  let sentAs: CookieUse["sentAs"] = null;
  for (const seen of batches) {
    for (const [from, items] of [
      ["parameter", seen.request.parameters.map(({ name, value }) => [name, value] as const)],
      ["header", seen.request.cookies],
    ] as const) {
      for (const [name, value] of items) {
        const places = given.get(value);
        if (places === undefined) continue;
        // A parameter is meant; a Cookie header may only be a client's habit.
        if (sentAs === null || (sentAs.in === "header" && from === "parameter")) sentAs = { in: from, name };
        for (const place of places) used.set(keyOf(place), place);
      }
    }
    for (const [value, place] of placesIn(seen)) {
      given.set(value, [...(given.get(value) ?? []), place]);
      if (place.kind !== "header" ? NAME.test(nameOf(place)) : /cookie|cursor/i.test(place.name))
        byName.set(keyOf(place), place);
    }
  }
  const order = ["body", "setCookie", "header"];
  const places = [...(sentAs === null ? byName : used).values()].sort(
    (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind),
  );
  return { places, sentAs };
}

function placesIn({ pair, answer }: SeenPair): [value: string, CookiePlace][] {
  const found: [string, CookiePlace][] = [];
  const document = answer === null ? null : readAnswerDocument(answer);
  for (const { path, value } of document?.beside ?? []) {
    const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
    if (text.length >= TEXT_MIN) found.push([text, { kind: "body", key: path }]);
  }
  if (pair.response === null) return found;
  for (const [name, value] of pair.response.headers) {
    if (name.toLowerCase() === "set-cookie") {
      const [, key = "", one = ""] = /^([^=;]+)=([^;]*)/.exec(value) ?? [];
      const path = /;\s*path=([^;]*)/i.exec(value)?.[1] ?? "/";
      if (one.length >= TEXT_MIN)
        found.push([one, { kind: "setCookie", name: key.trim(), path: path.trim() }]);
    } else if (value.length >= TEXT_MIN && !isOrdinary(name)) found.push([value, { kind: "header", name }]);
  }
  return found;
}

function isOrdinary(name: string): boolean {
  return /^(?:content-|cache-|connection$|keep-|date$|server$|expires$|vary$|pragma$|transfer-|etag$|last-modified$|www-)/i.test(
    name,
  );
}

function nameOf(place: CookiePlace): string {
  return place.kind === "body" ? place.key : place.name;
}

function keyOf(place: CookiePlace): string {
  return `${place.kind} ${nameOf(place)}`;
}
