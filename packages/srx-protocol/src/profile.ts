import type { Entry } from "@rollcall/identity-core";
import type { CleaningFlag } from "./clean-text.ts";
import { createJsonSuperset } from "./profiles/json-superset.ts";
import type { SrxResponse } from "./response.ts";

export type ProfileId = "json-superset";

/** One entry as a profile tells it, and what had to be changed in it. Immutable: made once per revision, given to every firewall. */
export interface EncodedEntry {
  readonly text: string;
  /** Length of `text` in UTF-8. */
  readonly bytes: number;
  readonly flags: readonly CleaningFlag[];
}

/**
 * How one firewall family wants to be answered. Pure: entries in, an answer out.
 * `encode` may remember what it has written for an entry.
 */
export interface SrxProfile {
  readonly id: ProfileId;
  encodeEntry(entry: Entry): EncodedEntry;
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

/** The profile of that name. */
export function profileOf(id: ProfileId): SrxProfile {
  switch (id) {
    case "json-superset":
      return jsonSuperset;
  }
}
