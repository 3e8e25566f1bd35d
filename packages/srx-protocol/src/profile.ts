import type { Entry } from "@rollcall/identity-core";
import type { CleaningFlag } from "./clean-text.ts";
import { createJsonSuperset } from "./profiles/json-superset.ts";
import type { SrxResponse } from "./response.ts";

/** One entry as a profile tells it, and what had to be changed in it. Immutable: made once per revision, given to every firewall. */
export interface EncodedEntry {
  readonly text: string;
  /** Length of `text` in UTF-8. */
  readonly bytes: number;
  readonly flags: readonly CleaningFlag[];
}

/** What stands around the entries of a batch. With the entries' texts between, it is the whole answer. */
export interface BatchFrame {
  readonly contentType: string;
  /** Beside those every answer has. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly before: string;
  readonly between: string;
  readonly after: string;
}

/**
 * How one firewall family wants to be answered. Pure: entries in, an answer out.
 * `encode` may remember what it has written for an entry.
 */
export interface SrxProfile {
  /** A built-in name, or one that changes with every change of a custom profile: what was written under it may be kept. */
  readonly id: string;
  encodeEntry(entry: Entry): EncodedEntry;
  /** The frame of a batch of `count` entries: lets a listener give texts it already has, without joining them anew. */
  frameBatch(cookie: string, count: number): BatchFrame;
  /** The entries in the order given, and where to go on: always, also when there are none. */
  encodeBatch(
    entries: readonly Entry[],
    cookie: string,
    encode?: (entry: Entry) => EncodedEntry,
  ): SrxResponse;
  /** One entry, or nobody known. */
  encodeIp(entry: Entry | null, encode?: (entry: Entry) => EncodedEntry): SrxResponse;
  encodeToken(accessToken: string, expiresInSeconds: number): SrxResponse;
  /** Nothing known: an unknown shape, a bare probe. An error would send the firewall to its other server. */
  readonly emptyDocument: SrxResponse;
}

export const jsonSuperset: SrxProfile = createJsonSuperset({ defaultSource: "Rollcall" });

const builtIn: ReadonlyMap<string, SrxProfile> = new Map([[jsonSuperset.id, jsonSuperset]]);

/** The built-in profile of that name; null where there is none. */
export function builtInProfile(id: string): SrxProfile | null {
  return builtIn.get(id) ?? null;
}
