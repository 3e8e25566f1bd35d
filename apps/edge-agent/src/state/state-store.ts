import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Entry, KeyState, PrincipalFacts } from "@rollcall/identity-core";
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

/** What the table made of it. */
export interface TableOutcome {
  readonly keys: readonly KeyState[];
  readonly entries: readonly Entry[];
  /** Facts that were news to it. */
  readonly facts: readonly PrincipalFacts[];
  /** Addresses the table has forgotten. */
  readonly forgotten: readonly { readonly addressSpaceId: string; readonly ip: string }[];
  readonly revision: number;
  readonly floorRevision: number;
}

export interface StoredTable {
  readonly keys: KeyState[];
  readonly entries: Entry[];
  readonly facts: PrincipalFacts[];
  readonly revision: number;
  readonly floorRevision: number;
  readonly incarnation: string;
}

/** The last configuration of the portal that this agent could use. */
export interface StoredConfiguration {
  readonly version: number;
  /** JSON. */
  readonly body: string;
}

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
  readonly #db: DatabaseSync;
  readonly #meta: StoreMeta;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(db: DatabaseSync, meta: StoreMeta) {
    this.#db = db;
    this.#meta = meta;
    this.#statements = prepareStatements(db);
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

  /** Reads the whole table. Throws `StoreFault` "corrupt" for a row that is not what was written. */
  loadTable(): StoredTable {
    return {
      keys: this.#rows<KeyState>("SELECT body FROM key_state"),
      entries: this.#rows<Entry>("SELECT body FROM entry ORDER BY revision"),
      facts: this.#rows<PrincipalFacts>("SELECT body FROM principal"),
      revision: this.#meta.revision,
      floorRevision: this.#meta.floorRevision,
      incarnation: this.#meta.incarnation,
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
      throw error;
    }
  }

  /** Writes what the table made of time alone, or what had found no room before. */
  commitTable(outcome: TableOutcome): void {
    this.commit(NOTHING, 0, () => outcome);
  }

  /** Removes facts of principals that no session names any more. */
  forgetPrincipals(keys: readonly string[]): void {
    if (keys.length === 0) return;
    this.#transaction("forget principals", () => {
      for (const key of keys) this.#statements.forgetPrincipal.run(key);
    });
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
    for (const key of outcome.keys)
      this.#statements.putKey.run(key.addressSpaceId, key.ip, JSON.stringify(key));
    for (const facts of outcome.facts) this.#statements.putPrincipal.run(facts.key, JSON.stringify(facts));
    for (const entry of outcome.entries)
      this.#statements.putEntry.run(entry.addressSpaceId, entry.ip, entry.revision, JSON.stringify(entry));
    for (const { addressSpaceId, ip } of outcome.forgotten) {
      this.#statements.dropKey.run(addressSpaceId, ip);
      this.#statements.dropEntry.run(addressSpaceId, ip);
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

  #rows<T>(sql: string): T[] {
    try {
      return this.#db
        .prepare(sql)
        .all()
        .map((row) => JSON.parse(String(row.body)) as T);
    } catch (error) {
      if (error instanceof SyntaxError) throw new StoreFault("corrupt", "read the store", error);
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

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

function prepareStatements(
  db: DatabaseSync,
): Record<
  | "bookmarkOf"
  | "putBookmark"
  | "putPrincipal"
  | "forgetPrincipal"
  | "putKey"
  | "putEntry"
  | "dropKey"
  | "dropEntry"
  | "putBallast"
  | "dropBallast",
  StatementSync
> {
  const upsert = "ON CONFLICT DO UPDATE SET";
  return {
    bookmarkOf: db.prepare("SELECT value FROM bookmark WHERE source_id = ?"),
    putBookmark: db.prepare(`INSERT INTO bookmark VALUES (?, ?) ${upsert} value = excluded.value`),
    putPrincipal: db.prepare(`INSERT INTO principal VALUES (?, ?) ${upsert} body = excluded.body`),
    forgetPrincipal: db.prepare("DELETE FROM principal WHERE key = ?"),
    putKey: db.prepare(`INSERT INTO key_state VALUES (?, ?, ?) ${upsert} body = excluded.body`),
    putEntry: db.prepare(
      `INSERT INTO entry VALUES (?, ?, ?, ?) ${upsert} revision = excluded.revision, body = excluded.body`,
    ),
    dropKey: db.prepare("DELETE FROM key_state WHERE address_space_id = ? AND ip = ?"),
    dropEntry: db.prepare("DELETE FROM entry WHERE address_space_id = ? AND ip = ?"),
    putBallast: db.prepare("INSERT INTO ballast (id, body) VALUES (1, zeroblob(?))"),
    dropBallast: db.prepare("DELETE FROM ballast"),
  };
}
