import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { CLEAR, heldFor, type LoginTally } from "./login-tally.ts";
import { writeMeta } from "./store-meta.ts";

/** Passwords that were refused and never let in: some a year, not a thousand. The oldest is forgotten. */
const ROWS_MAX = 500;
/** A record that was lost counts for so long. */
const LOST_MS = 24 * 3_600_000;
const LOST = "the agent's store could not be read, so nobody knows whether it was refused before";
const SALT = /^[0-9a-f]{64}$/;

/** What is known of every login, by a fingerprint of its name and password. */
export interface LoginRecord {
  /** What fingerprints are made with. */
  readonly salt: string;
  find(fingerprint: string, now: number): LoginTally;
  /** Durable when it returns. */
  save(fingerprint: string, tally: LoginTally): void;
}

/** Everything of a record, to be carried over to another store. */
export interface LoginRows {
  readonly salt: string;
  readonly rows: readonly { readonly fingerprint: string; readonly tally: LoginTally }[];
}

/**
 * The record of logins in the agent's store: the table `login`.
 *
 * Shape:  a login of which there is nothing to remember has no row. `run` makes each change a transaction of its own.
 * Errors: what `run` throws.
 */
export class StoredLogins implements LoginRecord {
  readonly salt: string;
  readonly #db: DatabaseSync;
  readonly #run: (work: () => void) => void;
  /** Since when it is unknown what was refused before; null where it is known. */
  readonly #lostAt: number | null;
  /** As on the disk: so that it can be carried over from a store that cannot be read any more. */
  readonly #rows: Map<string, LoginTally>;

  constructor(db: DatabaseSync, run: (work: () => void) => void) {
    this.#db = db;
    this.#run = run;
    const { salt, rows } = readLogins(db);
    this.salt = salt;
    this.#rows = new Map(rows.map(({ fingerprint, tally }) => [fingerprint, tally]));
    const lostAt = Number(metaOf(db, "loginsLostAt") ?? Number.NaN);
    this.#lostAt = Number.isSafeInteger(lostAt) ? lostAt : null;
  }

  find(fingerprint: string, now: number): LoginTally {
    const known = this.#rows.get(fingerprint);
    if (known !== undefined) return known;
    const isLost = this.#lostAt !== null && Math.abs(now - this.#lostAt) < LOST_MS;
    return isLost ? heldFor(this.#lostAt ?? now, LOST) : CLEAR;
  }

  save(fingerprint: string, tally: LoginTally): void {
    this.#run(() => saveLogin(this.#db, fingerprint, tally));
    if (tally.refusals + tally.doubts === 0 && this.#lostAt === null) this.#rows.delete(fingerprint);
    else this.#rows.set(fingerprint, tally);
  }

  all(): LoginRows {
    return {
      salt: this.salt,
      rows: [...this.#rows].map(([fingerprint, tally]) => ({ fingerprint, tally })),
    };
  }
}

/** Notes one login; within a transaction of the caller. */
export function saveLogin(db: DatabaseSync, fingerprint: string, tally: LoginTally): void {
  const { refusals, doubts, doubtAt, refusal, doubt } = tally;
  if (refusals + doubts === 0) {
    // That it was let in is remembered where it is not known what was before.
    if (metaOf(db, "loginsLostAt") === null) {
      db.prepare("DELETE FROM login WHERE fingerprint = ?").run(fingerprint);
      return;
    }
  }
  db.prepare(
    `INSERT INTO login VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET refusals = excluded.refusals,
     doubts = excluded.doubts, doubt_at = excluded.doubt_at, refusal = excluded.refusal, doubt = excluded.doubt`,
  ).run(fingerprint, refusals, doubts, doubtAt, refusal, doubt);
  db.prepare(
    "DELETE FROM login WHERE rowid IN (SELECT rowid FROM login ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
  ).run(ROWS_MAX);
}

/** Reads a record; throws what SQLite says, and `RangeError` where a value makes no sense. */
export function readLogins(db: DatabaseSync): LoginRows {
  const salt = metaOf(db, "loginSalt") ?? "";
  if (!SALT.test(salt)) throw new RangeError("the salt of logins is missing or wrong");
  const rows = db.prepare("SELECT * FROM login").all();
  return { salt, rows: rows.map((row) => ({ fingerprint: String(row.fingerprint), tally: tallyOf(row) })) };
}

/** Begins a record, or takes over what another store knew. `lost`: there was one, and it could not be read. */
export function beginLogins(db: DatabaseSync, from: LoginRows | { readonly lostAt: number } | null): void {
  const salt = from !== null && "salt" in from ? from.salt : randomBytes(32).toString("hex");
  writeMeta(db, "loginSalt", salt);
  if (from === null) return;
  if ("lostAt" in from) writeMeta(db, "loginsLostAt", String(from.lostAt));
  else for (const { fingerprint, tally } of from.rows) saveLogin(db, fingerprint, tally);
}

/**
 * What a store that cannot be used any more still says of logins: most faults lie elsewhere in the file.
 * Null: it has no such record. `lost`: it cannot be read.
 */
export function salvageLogins(file: string): LoginRows | "lost" | null {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    const version = Number(db.prepare("PRAGMA user_version").get()?.user_version);
    const hasTable = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'login'").get() !== undefined;
    if (!hasTable) return version > 0 && version < FIRST_VERSION ? null : "lost";
    return readLogins(db);
  } catch {
    return "lost";
  } finally {
    db?.close();
  }
}

/** The version of the store that has this table first. */
const FIRST_VERSION = 3;

function tallyOf(row: Record<string, unknown>): LoginTally {
  const number = (value: unknown): number => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
      throw new RangeError("a count of a login is wrong");
    return value;
  };
  return {
    refusals: number(row.refusals),
    doubts: number(row.doubts),
    doubtAt: number(row.doubt_at),
    refusal: String(row.refusal),
    doubt: String(row.doubt),
  };
}

function metaOf(db: DatabaseSync, name: string): string | null {
  const value = db.prepare("SELECT value FROM meta WHERE name = ?").get(name)?.value;
  return typeof value === "string" ? value : null;
}
