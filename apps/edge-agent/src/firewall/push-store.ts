import { closeSync, existsSync, openSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type PushMemory, readProgress } from "@rollcall/srx-push";

const VERSION = 1;
/** What was told to a firewall that is no longer configured is kept so long: it may come back under its id. */
const KEPT_MS = 30 * 86_400_000;

const TABLES = `
CREATE TABLE IF NOT EXISTS target (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, progress TEXT, used_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS told (
  target INTEGER NOT NULL, ip TEXT NOT NULL, round INTEGER NOT NULL, PRIMARY KEY (target, ip)
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS told_by_round ON told (target, round);
PRAGMA user_version = ${VERSION};
`;

export interface PushStore {
  /** The memory of one firewall, by the id of its enforcement point. */
  memoryOf(id: string): PushMemory;
  /** Forgets firewalls that are not among `ids` and have long not been told anything. */
  forgetOthers(ids: ReadonlySet<string>): void;
  close(): void;
}

/**
 * Opens the file that remembers what firewalls were told, beside the agent's store.
 *
 * Shape:  a file that cannot be read is renamed to `*.corrupt-<utc>` and kept; then nothing is remembered, everything is
 *         told anew with the ends that are known, and only an operator can take off whoever ended longer ago.
 * Errors: throws what SQLite says where the file cannot be made or written. Every write is on the disk when it returns.
 */
export function openPushStore(
  file: string,
  options: { readonly now: () => number; readonly onReplaced: (keptAs: string, reason: string) => void },
): PushStore {
  const { now } = options;
  const db = openOrReplace(file, options);
  const numberOf = db.prepare(
    "INSERT INTO target (id, used_at) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at RETURNING number",
  );
  const findProgress = db.prepare("SELECT progress FROM target WHERE number = ?");
  const writeProgress = db.prepare("UPDATE target SET progress = ?, used_at = ? WHERE number = ?");
  const tell = db.prepare(
    "INSERT INTO told (target, ip, round) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET round = excluded.round WHERE round <> excluded.round",
  );
  const forget = db.prepare("DELETE FROM told WHERE target = ? AND ip = ?");
  const isHeld = db.prepare("SELECT 1 FROM told WHERE target = ? AND ip = ?");
  const behind = db.prepare("SELECT ip FROM told WHERE target = ? AND round < ? LIMIT ?");

  function together(work: () => void): void {
    db.exec("BEGIN IMMEDIATE");
    try {
      work();
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  return {
    memoryOf(id) {
      let known: number | null = null;
      const target = (): number => {
        known ??= Number(numberOf.get(id, now())?.number);
        return known;
      };
      return {
        async load() {
          const text = findProgress.get(target())?.progress;
          return typeof text === "string" ? readProgress(JSON.parse(text)) : null;
        },
        async save(progress) {
          writeProgress.run(JSON.stringify(progress), now(), target());
        },
        async willTell(ips, round) {
          const number = target();
          together(() => {
            for (const ip of ips) tell.run(number, ip, round);
          });
        },
        async forget(ips) {
          const number = target();
          together(() => {
            for (const ip of ips) forget.run(number, ip);
          });
        },
        async mayHold(ips) {
          const number = target();
          return new Set(ips.filter((ip) => isHeld.get(number, ip) !== undefined));
        },
        async leftBehind(round, limit) {
          return behind.all(target(), round, limit).map(({ ip }) => String(ip));
        },
      };
    },
    forgetOthers(ids) {
      const old = db.prepare("SELECT number, id FROM target WHERE used_at < ?").all(now() - KEPT_MS);
      for (const { number, id } of old) {
        if (typeof number !== "number" || ids.has(String(id))) continue;
        together(() => {
          db.prepare("DELETE FROM told WHERE target = ?").run(number);
          db.prepare("DELETE FROM target WHERE number = ?").run(number);
        });
      }
    },
    close: () => db.close(),
  };
}

function openOrReplace(file: string, { now, onReplaced }: Parameters<typeof openPushStore>[1]): DatabaseSync {
  try {
    return open(file);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    const keptAs = `${file}.corrupt-${new Date(now()).toISOString().replaceAll(/[:.]/g, "-")}`;
    for (const suffix of ["", "-wal", "-shm"])
      if (existsSync(file + suffix)) renameSync(file + suffix, keptAs + suffix);
    onReplaced(keptAs, error instanceof Error ? error.message : String(error));
    return open(file);
  }
}

function open(file: string): DatabaseSync {
  // Made by us, so that nobody else may read it whatever the umask says; SQLite gives its log the same mode.
  closeSync(openSync(file, "a", 0o600));
  const db = new DatabaseSync(file, { timeout: 2000 });
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    if (db.prepare("PRAGMA quick_check").get()?.quick_check !== "ok")
      throw new UnreadableError("quick_check");
    const version = Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
    if (version > VERSION) throw new UnreadableError(`it is of a later version (${version})`);
    db.exec(TABLES);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

class UnreadableError extends Error {}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const UNREADABLE = [11, 26];

function isUnreadable(error: unknown): boolean {
  if (error instanceof UnreadableError) return true;
  const code = error instanceof Error && "errcode" in error ? error.errcode : null;
  return typeof code === "number" && UNREADABLE.includes(code & 0xff);
}
