import type { DatabaseSync, StatementSync } from "node:sqlite";
import { PAGE_ROWS, type RowPage, Vocabulary } from "@rollcall/identity-core";
import { StoredLogins } from "./login-record.ts";
import { createSpool, type Spool } from "./spool.ts";
import { StoreFault, storeFaultOf } from "./store-fault.ts";
import { type StoreMeta, writeMeta } from "./store-meta.ts";
import { PAGE_BYTES } from "./store-schema.ts";

/** Revisions set aside ahead of use: after a crash numbering goes on above any number that was ever told. */
export const REVISIONS_RESERVED = 1_000_000;

/** What comes in from outside and must be durable together. */
export interface Intake {
  /** Bodies of spool items, JSON without their number, in order. */
  readonly items: readonly string[];
  readonly bookmarks: readonly { readonly sourceId: string; readonly value: string }[];
  /** Where the downlink goes on, where it moved. */
  readonly downlinkNext?: number;
}

/** What the table made of it: the pages that changed. They are read while they are written, once. */
export interface TableOutcome {
  readonly places: Iterable<RowPage>;
  readonly facts: Iterable<RowPage>;
  readonly revision: number;
  readonly floorRevision: number;
  /** By which law the entries were made. */
  readonly law: string;
}

interface StoredPage {
  readonly page: number;
  readonly body: Uint8Array;
}

export interface StoredTable {
  /** Read from the disk on the way: nothing of them is kept. */
  readonly places: Iterable<StoredPage>;
  readonly facts: Iterable<StoredPage>;
  readonly revision: number;
  readonly floorRevision: number;
  readonly incarnation: string;
  readonly law: string;
  /** At most so many rows are in the pages. */
  readonly rows: { readonly places: number; readonly facts: number };
}

/** The last configuration of the portal that this agent could use. */
export interface StoredConfiguration {
  /** Which fields the agent knew when it fetched it; absent: those of level 1. */
  readonly level?: number;
  readonly version: number;
  /** JSON. */
  readonly body: string;
}

/** Pages read together: as many as come cheaply, few enough to be no weight. */
const READ_AT_ONCE = 500;

export const NOTHING: Intake = { items: [], bookmarks: [] };

/**
 * The agent's embedded store: one SQLite file that holds what must survive a crash.
 *
 * Shape:  every change is one transaction, flushed to the disk before the call returns. Only this class writes; it
 *         is synchronous, so nobody ever sees half a change.
 * Errors: `StoreFault`. After `full` nothing was written and the store goes on to be usable; after `failed` and
 *         `corrupt` close it and open it again.
 */
export class StateStore {
  readonly spool: Spool;
  /** How often logins were refused. */
  readonly logins: StoredLogins;
  /** The words that the stored pages are written with. The table of this store is to write with it, too. */
  readonly vocabulary: Vocabulary;
  readonly #db: DatabaseSync;
  readonly #meta: StoreMeta;
  readonly #statements: ReturnType<typeof prepareStatements>;
  /** How many words of each kind are on the disk. */
  readonly #stored: { words: number; groups: number };

  constructor(db: DatabaseSync, meta: StoreMeta) {
    this.#db = db;
    this.#meta = meta;
    this.#statements = prepareStatements(db);
    this.vocabulary = readVocabulary(db);
    this.#stored = { words: this.vocabulary.words.size, groups: this.vocabulary.groups.size };
    this.logins = readStoredLogins(db, (work) => this.#transaction("note a login", work));
    this.spool = createSpool(db, meta, (attempted, work) => this.#transaction(attempted, work));
  }

  get spoolId(): string {
    return this.#meta.spoolId;
  }

  get downlinkNext(): number {
    return this.#meta.downlinkNext;
  }

  /** Bounds the file. A file that is larger already can only be filled up within itself. */
  setBound(bytes: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / PAGE_BYTES))}`);
  }

  bookmarkOf(sourceId: string): string | null {
    const row = this.#statements.bookmarkOf.get(sourceId);
    return typeof row?.value === "string" ? row.value : null;
  }

  /** The whole table as it is stored. */
  loadTable(): StoredTable {
    return {
      places: this.#pages("place_page"),
      facts: this.#pages("facts_page"),
      rows: { places: this.#rowsOf("place_page"), facts: this.#rowsOf("facts_page") },
      revision: this.#meta.revision,
      floorRevision: this.#meta.floorRevision,
      incarnation: this.#meta.incarnation,
      law: this.#meta.law,
    };
  }

  /**
   * Writes an intake and what the table makes of it, all or nothing.
   *
   * Shape:  the intake is written first and `apply` called then, so that most faults come before the table has moved.
   * Errors: `StoreFault`; the table is ahead of the store only if `apply` had been called: load it again then.
   */
  commit(intake: Intake, at: number, apply: () => TableOutcome): void {
    const numbers = this.spool.numbers();
    const before = { ...this.#meta };
    const stored = { ...this.#stored };
    try {
      this.#transaction("write to the store", () => {
        this.spool.append(intake.items, at);
        for (const { sourceId, value } of intake.bookmarks) this.#statements.putBookmark.run(sourceId, value);
        if (intake.downlinkNext !== undefined) this.#setMeta("downlinkNext", intake.downlinkNext);
        this.#writeTable(apply());
      });
    } catch (error) {
      this.spool.restore(numbers);
      Object.assign(this.#meta, before);
      Object.assign(this.#stored, stored);
      throw error;
    }
  }

  /** Writes what the table made of time alone, or what had found no room before. */
  commitTable(outcome: TableOutcome): void {
    this.commit(NOTHING, 0, () => outcome);
  }

  get configuration(): StoredConfiguration | null {
    const text = this.#db.prepare("SELECT value FROM meta WHERE name = 'configuration'").get()?.value;
    return typeof text === "string" ? (JSON.parse(text) as StoredConfiguration) : null;
  }

  saveConfiguration(configuration: StoredConfiguration): void {
    this.#transaction("save the configuration", () =>
      writeMeta(this.#db, "configuration", JSON.stringify(configuration)),
    );
  }

  /**
   * Makes sure that `bytes` can be written: takes the room and gives it back to the file, not to the disk.
   * Throws `StoreFault` "full" while there is none.
   */
  takeRoom(bytes: number): void {
    this.#transaction("look for room", () => this.#statements.putBallast.run(Math.max(bytes, 65_536)));
    this.#transaction("look for room", () => this.#statements.dropBallast.run());
  }

  /** Closes cleanly: the next start goes on with the very next revision. */
  close(): void {
    if (!this.#db.isOpen) return;
    try {
      this.#transaction("close the store", () => writeMeta(this.#db, "clean", "1"));
    } catch (error) {
      // Without room the mark is left out and the next start skips some revisions.
      if (!(error instanceof StoreFault)) throw error;
    } finally {
      this.#db.close();
    }
  }

  #writeTable(outcome: TableOutcome): void {
    for (const { page, body } of outcome.places)
      if (body === null) this.#statements.dropPlaces.run(page);
      else this.#statements.putPlaces.run(page, body);
    for (const { page, body } of outcome.facts)
      if (body === null) this.#statements.dropFacts.run(page);
      else this.#statements.putFacts.run(page, body);
    this.#writeWords("words");
    this.#writeWords("groups");
    if (outcome.law !== this.#meta.law) {
      this.#meta.law = outcome.law;
      writeMeta(this.#db, "law", outcome.law);
    }
    if (outcome.revision !== this.#meta.revision) this.#setMeta("revision", outcome.revision);
    if (outcome.floorRevision !== this.#meta.floorRevision)
      this.#setMeta("floorRevision", outcome.floorRevision);
    if (outcome.revision > this.#meta.revisionCeiling - REVISIONS_RESERVED / 2) {
      this.#setMeta("revisionCeiling", outcome.revision + REVISIONS_RESERVED);
      // A store that was taken over without room has not noted these two yet.
      writeMeta(this.#db, "incarnation", this.#meta.incarnation);
      writeMeta(this.#db, "clean", "0");
    }
  }

  #setMeta(name: "revision" | "floorRevision" | "revisionCeiling" | "downlinkNext", value: number): void {
    this.#meta[name] = value;
    writeMeta(this.#db, name, String(value));
  }

  /** After the pages: these may have brought words. */
  #writeWords(kind: "words" | "groups"): void {
    const lexicon = this.vocabulary[kind];
    for (const text of lexicon.from(this.#stored[kind])) {
      this.#statements.putWord.run(kind, this.#stored[kind], textBytes(text));
      this.#stored[kind] += 1;
    }
  }

  #rowsOf(table: "place_page" | "facts_page"): number {
    // Not counted, which would read every page: they are numbered from 0.
    return (
      (Number(this.#db.prepare(`SELECT max(page) AS last FROM ${table}`).get()?.last ?? -1) + 1) * PAGE_ROWS
    );
  }

  *#pages(table: "place_page" | "facts_page"): Generator<StoredPage, undefined> {
    try {
      const some = this.#db.prepare(
        `SELECT page, body FROM ${table} WHERE page > ? ORDER BY page LIMIT ${READ_AT_ONCE}`,
      );
      for (let after = -1, isMore = true; isMore; ) {
        const rows = some.all(after);
        for (const { page, body } of rows) {
          if (!(body instanceof Uint8Array))
            throw new StoreFault("corrupt", "read the store", new Error(`page ${page} of ${table}`));
          after = Number(page);
          yield { page: after, body };
        }
        isMore = rows.length === READ_AT_ONCE;
      }
    } catch (error) {
      throw storeFaultOf("read the store", error);
    }
  }

  #transaction<T>(attempted: string, work: () => T): T {
    if (!this.#db.isOpen) throw new StoreFault("failed", attempted, new Error("the store is closed"));
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#rollBack();
      if (isSqliteError(error)) throw storeFaultOf(attempted, error);
      throw error;
    }
  }

  #rollBack(): void {
    if (!this.#db.isOpen || !this.#db.isTransaction) return;
    try {
      this.#db.exec("ROLLBACK");
    } catch {
      // Some faults have rolled back already; SQLite then says that there is no transaction.
    }
  }
}

function readStoredLogins(db: DatabaseSync, run: (work: () => void) => void): StoredLogins {
  try {
    return new StoredLogins(db, run);
  } catch (error) {
    throw error instanceof RangeError ? new StoreFault("corrupt", "read the store", error) : error;
  }
}

/** By UTF-16 units: SQLite's own text would not bring half a character back. */
function textBytes(text: string): Uint8Array {
  return Buffer.from(text, "utf16le");
}

/** Throws `StoreFault` "corrupt" where a word is missing: pages name words by their number. */
function readVocabulary(db: DatabaseSync): Vocabulary {
  const vocabulary = new Vocabulary();
  for (const kind of ["words", "groups"] as const) {
    const rows = db.prepare("SELECT number, body FROM word WHERE kind = ? ORDER BY number").all(kind);
    for (const { number, body } of rows) {
      const text = body instanceof Uint8Array ? Buffer.from(body).toString("utf16le") : "";
      if (vocabulary[kind].numberOf(text) !== Number(number))
        throw new StoreFault(
          "corrupt",
          "read the store",
          new Error(`its word ${number} is missing or wrong`),
        );
    }
  }
  return vocabulary;
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

function prepareStatements(
  db: DatabaseSync,
): Record<
  | "bookmarkOf"
  | "putBookmark"
  | "putPlaces"
  | "dropPlaces"
  | "putFacts"
  | "dropFacts"
  | "putWord"
  | "putBallast"
  | "dropBallast",
  StatementSync
> {
  const upsert = "ON CONFLICT DO UPDATE SET";
  return {
    bookmarkOf: db.prepare("SELECT value FROM bookmark WHERE source_id = ?"),
    putBookmark: db.prepare(`INSERT INTO bookmark VALUES (?, ?) ${upsert} value = excluded.value`),
    putPlaces: db.prepare(`INSERT INTO place_page VALUES (?, ?) ${upsert} body = excluded.body`),
    dropPlaces: db.prepare("DELETE FROM place_page WHERE page = ?"),
    putFacts: db.prepare(`INSERT INTO facts_page VALUES (?, ?) ${upsert} body = excluded.body`),
    dropFacts: db.prepare("DELETE FROM facts_page WHERE page = ?"),
    putWord: db.prepare("INSERT INTO word VALUES (?, ?, ?)"),
    putBallast: db.prepare("INSERT INTO ballast (id, body) VALUES (1, zeroblob(?))"),
    dropBallast: db.prepare("DELETE FROM ballast"),
  };
}
