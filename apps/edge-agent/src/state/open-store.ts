import { closeSync, existsSync, openSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { AgentError } from "../agent-error.ts";
import { beginLogins, type LoginRows, StoredLogins, salvageLogins } from "./login-record.ts";
import { CLEAR, type LoginTally, tallyAt } from "./login-tally.ts";
import { REVISIONS_RESERVED, StateStore } from "./state-store.ts";
import { StoreFault, storeFaultOf } from "./store-fault.ts";
import {
  freshMeta,
  newIncarnation,
  readMeta,
  type StoreMeta,
  writeAllMeta,
  writeMeta,
} from "./store-meta.ts";
import { STORE_TABLES, STORE_VERSION } from "./store-schema.ts";

/** Of the stores that can be brought forward. */
const OLDEST_VERSION = 2;

export interface OpenedStore {
  readonly store: StateStore;
  /** `created`: there was none. `replaced`: the old one could not be read and lies at `keptAs`. */
  readonly how:
    | { readonly kind: "opened" | "created" }
    | { readonly kind: "replaced"; readonly keptAs: string; readonly reason: string };
}

/**
 * Opens the store, checks it, and takes it for this process alone until it is closed or the process ends.
 *
 * Shape:  a file that cannot be read is renamed to `*.corrupt-<utc>` and kept; the agent begins with an empty store
 *         that has a spool id and an incarnation of its own. What the old one knew of logins is carried over: from `logins`,
 *         which the caller still has, or from the file; where that cannot be read either, every login is held back at first.
 * Errors: `AgentError` "already-running" where another process has it, "store-newer" for a store of a later version,
 *         `StoreFault` "full" where there is no room to make one.
 */
export function openStore(file: string, now: number, logins: LoginRows | null = null): OpenedStore {
  const isNew = !existsSync(file);
  try {
    return { store: open(file, logins), how: { kind: isNew ? "created" : "opened" } };
  } catch (error) {
    const fault = error instanceof AgentError ? error : storeFaultOf(`open ${file}`, error);
    if (!(fault instanceof StoreFault)) throw fault;
    if (fault.kind === "locked") {
      throw new AgentError(
        "already-running",
        `Another rollcall-agent runs with the state folder of ${file}.`,
        {
          cause: fault,
          remedy: "Stop it first, or give this one its own folder with --state-dir.",
        },
      );
    }
    if (fault.kind !== "corrupt") throw fault;
    const keptAs = setAside(file, now);
    const salvaged = logins ?? salvageLogins(keptAs);
    return {
      store: open(file, salvaged === "lost" ? { lostAt: now } : salvaged),
      how: { kind: "replaced", keptAs, reason: fault.message },
    };
  }
}

type LoginsBefore = Parameters<typeof beginLogins>[1];

function open(file: string, logins: LoginsBefore): StateStore {
  // Made by us, so that nobody else may read it whatever the umask says; SQLite gives its log the same mode.
  closeSync(openSync(file, "a", 0o600));
  // A taken file is told at once; `timeout` covers the moment in which an agent that is ending lets go.
  const db = new DatabaseSync(file, { timeout: 2000 });
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    refuseLaterVersion(db, file);
    refuseEarlierVersion(db);
    checkPages(db);
    migrate(db);
    return new StateStore(db, hasTables(db) ? takeOver(db) : create(db, logins));
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Changes one login in the store of an agent that does not run, and leaves everything else as it is.
 *
 * Shape:  opened for this one change, so that an agent that is started meanwhile does not find it taken.
 * Errors: `StoreFault`: `locked` where an agent has it; `corrupt` where it cannot be read, which is then left as it is.
 */
export function changeLogin(
  file: string,
  fingerprint: string | null,
  now: number,
  change: (tally: LoginTally) => LoginTally,
): { readonly salt: string; readonly tally: LoginTally } {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file, { timeout: 500 });
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.exec("PRAGMA synchronous = FULL");
    refuseLaterVersion(db, file);
    refuseEarlierVersion(db);
    migrate(db);
    const logins = new StoredLogins(db, (work) => work());
    if (fingerprint === null) return { salt: logins.salt, tally: CLEAR };
    db.exec("BEGIN IMMEDIATE");
    const tally = change(tallyAt(logins.find(fingerprint, now), now));
    logins.save(fingerprint, tally);
    db.exec("COMMIT");
    return { salt: logins.salt, tally };
  } catch (error) {
    if (error instanceof AgentError && !(error instanceof StoreFault)) throw error;
    if (error instanceof RangeError) throw new StoreFault("corrupt", "read the store", error);
    throw storeFaultOf("read the store", error);
  } finally {
    db?.close();
  }
}

function refuseLaterVersion(db: DatabaseSync, file: string): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  if (version > STORE_VERSION) {
    throw new AgentError(
      "store-newer",
      `${file} was written by a later version of rollcall-agent (${version}).`,
      {
        remedy: "Install that version again, or move the file away to begin with an empty store.",
      },
    );
  }
}

/** Before the first release the form of the table changed; what it holds comes again from the sources. */
function refuseEarlierVersion(db: DatabaseSync): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  if (version > 0 && version < OLDEST_VERSION)
    throw new StoreFault(
      "corrupt",
      "read the store",
      new Error(`it was written by an earlier version of rollcall-agent, in another form (${version})`),
    );
}

/** Brings a store of version 2 forward: it has no record of logins yet. */
export function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  if (version !== OLDEST_VERSION) return;
  db.exec("BEGIN IMMEDIATE");
  db.exec(STORE_TABLES);
  beginLogins(db, null);
  db.exec(`PRAGMA user_version = ${STORE_VERSION}`);
  db.exec("COMMIT");
}

function checkPages(db: DatabaseSync): void {
  const verdict = String(db.prepare("PRAGMA quick_check(1)").get()?.quick_check ?? "");
  if (verdict !== "ok") throw new StoreFault("corrupt", "check the store", new Error(verdict));
}

function hasTables(db: DatabaseSync): boolean {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0) > 0;
}

function create(db: DatabaseSync, logins: LoginsBefore): StoreMeta {
  const meta = freshMeta(REVISIONS_RESERVED);
  db.exec("BEGIN IMMEDIATE");
  db.exec(STORE_TABLES);
  writeAllMeta(db, meta);
  beginLogins(db, logins);
  writeMeta(db, "clean", "0");
  db.exec(`PRAGMA user_version = ${STORE_VERSION}`);
  db.exec("COMMIT");
  return meta;
}

/**
 * Takes a store over from the last run. After a crash the numbering goes on above every revision that could have been
 * told: while the disk was full the table could move on without being written.
 */
function takeOver(db: DatabaseSync): StoreMeta {
  const { isClean, ...meta } = readMeta(db);
  if (!isClean) {
    meta.revision = Math.max(meta.revision, meta.revisionCeiling);
    meta.revisionCeiling = meta.revision + REVISIONS_RESERVED;
  }
  try {
    db.exec("BEGIN IMMEDIATE");
    writeMeta(db, "clean", "0");
    writeMeta(db, "revision", String(meta.revision));
    writeMeta(db, "revisionCeiling", String(meta.revisionCeiling));
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    if (storeFaultOf("take the store over", error).kind !== "full") throw error;
    // Nothing can be noted, so nothing may be continued: firewalls are sent the whole table by another incarnation.
    meta.incarnation = newIncarnation();
    // Below any revision: the first write that finds room notes what could not be noted here.
    meta.revisionCeiling = 0;
  }
  return meta;
}

function setAside(file: string, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  let keptAs = `${file}.corrupt-${stamp}`;
  for (let count = 2; existsSync(keptAs); count += 1) keptAs = `${file}.corrupt-${stamp}-${count}`;
  renameSync(file, keptAs);
  for (const suffix of ["-wal", "-shm", "-journal"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, keptAs + suffix);
  }
  return keptAs;
}
