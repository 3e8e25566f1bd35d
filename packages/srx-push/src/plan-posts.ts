import type { EpochMs } from "@rollcall/identity-core";
import { utf8Length } from "@rollcall/srx-protocol/utf8";
import type { PushChange } from "./push-change.ts";
import { writeEntry } from "./write-entry.ts";

export const MAX_POST_ENTRIES = 200;
export const MAX_POST_BYTES = 1_000_000;

const BEFORE = '<?xml version="1.0" encoding="UTF-8"?><userfw-entries>';
const AFTER = "</userfw-entries>";

export interface PlannedEntry {
  readonly ip: string;
  readonly kind: "logon" | "logoff";
  readonly at: EpochMs;
  readonly text: string;
}

export interface PlannedPost {
  readonly entries: readonly PlannedEntry[];
}

export interface PostPlan {
  readonly posts: readonly PlannedPost[];
  /** Entries in which something had to be cut or left out to fit. */
  readonly changedToFit: number;
}

/**
 * Makes posts of changes, which come oldest first.
 *
 * Shape:  of one address only the newest change is told, once in the whole plan: so no two posts speak of the same
 *         address, and it does not matter which of them a firewall takes up first. Otherwise in the order given.
 * Units:  at most 200 entries and 1,000,000 bytes of UTF-8 a post.
 * Source: docs/protocol/srx-push.md, "limits" (assumed).
 */
export function planPosts(
  changes: readonly PushChange[],
  { source, maxBytes = MAX_POST_BYTES }: { readonly source: string; readonly maxBytes?: number },
): PostPlan {
  const posts: PlannedPost[] = [];
  let entries: PlannedEntry[] = [];
  let bytes = BEFORE.length + AFTER.length;
  let changedToFit = 0;
  for (const change of newestOf(changes)) {
    const written = writeEntry(change, source);
    if (written.flags.length > 0) changedToFit += 1;
    const length = utf8Length(written.text);
    if (entries.length === MAX_POST_ENTRIES || (entries.length > 0 && bytes + length > maxBytes)) {
      posts.push({ entries });
      entries = [];
      bytes = BEFORE.length + AFTER.length;
    }
    entries.push({ ip: change.ip, kind: written.kind, at: change.at, text: written.text });
    bytes += length;
  }
  if (entries.length > 0) posts.push({ entries });
  return { posts, changedToFit };
}

/** Of each address its newest change, in the order of these. */
export function newestOf(changes: readonly PushChange[]): PushChange[] {
  const newest = new Map<string, PushChange>();
  for (const change of changes) {
    // Deleted first, so that the address moves to the place of its newest change.
    newest.delete(change.ip);
    newest.set(change.ip, change);
  }
  return [...newest.values()];
}

/** The body of a post. */
export function bodyOf({ entries }: PlannedPost): string {
  return `${BEFORE}${entries.map(({ text }) => text).join("")}${AFTER}`;
}

/** Two posts of one, in its order: to find the entry that a firewall calls malformed. */
export function halvesOf({ entries }: PlannedPost): readonly [PlannedPost, PlannedPost] {
  const middle = Math.ceil(entries.length / 2);
  return [{ entries: entries.slice(0, middle) }, { entries: entries.slice(middle) }];
}
