import type { Entry, EpochMs, IpAddress } from "@rollcall/identity-core";
import type { CleaningFlag } from "./clean-text.ts";
import type { RequestDialect } from "./decode-request.ts";
import type { SrxProfileDocument } from "./profiles/profile-document.ts";
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

/** The address of a question that nothing is known about, and when it was asked. */
export interface AskedAddress {
  readonly ip: IpAddress;
  readonly at: EpochMs;
}

/**
 * How one firewall family wants to be answered. Pure: entries in, an answer out.
 * `encode` may remember what it has written for an entry.
 */
export interface SrxProfile {
  /** A built-in name, or one that changes with every change of a custom profile: what was written under it may be kept. */
  readonly id: string;
  /** The name it is chosen by: a built-in one, or the id of a custom profile in the configuration. */
  readonly key: string;
  /** For people. */
  readonly name: string;
  readonly document: SrxProfileDocument;
  /** What it reads in a question beside what is always read; null: nothing. */
  readonly dialect: RequestDialect | null;
  readonly limits: {
    /** Live entries that the firewall holds; null: no limit. */
    readonly entries: number | null;
    readonly ipv6: boolean;
    /** Entries in one answer at most. */
    readonly batchEntries: number;
  };
  readonly token: {
    readonly accept: readonly ("form" | "json" | "basic")[];
    readonly ttlSecondsMax: number | null;
    readonly format: "uuid" | "hex40";
  };
  encodeEntry(entry: Entry): EncodedEntry;
  /** The frame of a batch of `count` entries: lets a listener give texts it already has, without joining them anew. */
  frameBatch(cookie: string, count: number): BatchFrame;
  /** The entries in the order given, and where to go on: always, also when there are none. */
  encodeBatch(
    entries: readonly Entry[],
    cookie: string,
    encode?: (entry: Entry) => EncodedEntry,
  ): SrxResponse;
  /** One entry, or nobody known. `asked`: for families that are told the address all the same. */
  encodeIp(entry: Entry | null, encode?: (entry: Entry) => EncodedEntry, asked?: AskedAddress): SrxResponse;
  encodeToken(accessToken: string, expiresInSeconds: number): SrxResponse;
  /** Nothing known: an unknown shape, a bare probe. An error would send the firewall to its other server. */
  readonly emptyDocument: SrxResponse;
}
