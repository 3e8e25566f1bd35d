import type { z } from "zod";
import { issueSentences } from "./issues.ts";
import {
  type Batch,
  batch,
  MAX_ITEM_BYTES,
  MAX_PRINCIPAL_ITEM_BYTES,
  type StreamItem,
  streamItem,
} from "./messages.ts";

/** Deeper than this no message of ours goes. */
const MAX_DEPTH = 12;
const HALF_PAIR = /\p{Surrogate}/u;

export type ReadMessage<T> =
  | { readonly kind: "message"; readonly message: T }
  | { readonly kind: "unreadable"; readonly reason: string; readonly issues: readonly string[] };

/**
 * Reads one JSON message with its schema; used by both sides.
 *
 * Shape:  `message` holds only what the schema names; unknown fields are dropped, so an older peer understands a newer.
 * Errors: `unreadable` with one reason and every issue; nothing is thrown, however hostile the text.
 */
export function readMessage<S extends z.ZodType>(schema: S, text: string): ReadMessage<z.infer<S>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "unreadable", reason: "not JSON", issues: [] };
  }
  const unfit = unfitBecause(value);
  if (unfit) return { kind: "unreadable", reason: unfit, issues: [] };
  return fit(schema, value);
}

/** Reads a batch without looking into its items: one bad item must not cost the others. */
export function readBatch(text: string): ReadMessage<Batch> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "unreadable", reason: "not JSON", issues: [] };
  }
  const read = fit(batch, value);
  if (read.kind === "unreadable") return read;
  const { first, last, count, items } = read.message;
  if (last - first + 1 !== count || items.length !== count)
    return {
      kind: "unreadable",
      reason: "its numbers do not agree",
      issues: [`items: ${items.length} items, count ${count}, numbered ${first} to ${last}`],
    };
  return read;
}

export type ReadItem =
  | { readonly kind: "item"; readonly item: StreamItem }
  /** Kept with its sequence number and reason: the stream never blocks on one item. */
  | { readonly kind: "unreadable"; readonly seq: number; readonly reason: string; readonly item: unknown };

/**
 * Reads the item that stands at `seq` of a batch.
 *
 * Errors: `unreadable` for an item of another shape, too long, or numbered otherwise; nothing is thrown. An item of a
 *         kind this version does not know is `unreadable` too, and so kept as it is for a later version. `item` is
 *         always JSON that a database can hold: what is too long or too deep is left out, and what holds characters no
 *         database takes is kept as its JSON text.
 */
export function readStreamItem(value: unknown, seq: number): ReadItem {
  const unreadable = (reason: string, item: unknown): ReadItem => ({ kind: "unreadable", seq, reason, item });
  if (isDeeperThan(value, MAX_DEPTH)) return unreadable("nested too deeply", null);
  const text = JSON.stringify(value) ?? "null";
  const bytesMax = isPrincipal(value) ? MAX_PRINCIPAL_ITEM_BYTES : MAX_ITEM_BYTES;
  if (new TextEncoder().encode(text).length > bytesMax)
    return unreadable(`longer than ${bytesMax} bytes`, null);
  const unfit = unfitBecause(value);
  if (unfit) return unreadable(unfit, text);
  const parsed = streamItem.safeParse(value);
  if (!parsed.success) return unreadable(issueSentences(parsed.error).join("; ").slice(0, 1000), value);
  if (parsed.data.seq !== seq) return unreadable(`numbered ${parsed.data.seq} where ${seq} was due`, value);
  return { kind: "item", item: parsed.data };
}

function fit<S extends z.ZodType>(schema: S, value: unknown): ReadMessage<z.infer<S>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: "message", message: parsed.data };
  return { kind: "unreadable", reason: "does not fit the schema", issues: issueSentences(parsed.error) };
}

function isPrincipal(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "principal";
}

function unfitBecause(value: unknown): string | null {
  if (isDeeperThan(value, MAX_DEPTH)) return "nested too deeply";
  // PostgreSQL holds neither U+0000 nor half a surrogate pair in text or jsonb.
  return holdsText(value, (text) => text.includes("\0") || HALF_PAIR.test(text))
    ? "holds characters that cannot be stored"
    : null;
}

function holdsText(value: unknown, found: (text: string) => boolean): boolean {
  if (typeof value === "string") return found(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => found(key) || holdsText(inner, found));
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth === 0) return true;
  for (const inner of Object.values(value)) if (isDeeperThan(inner, depth - 1)) return true;
  return false;
}
