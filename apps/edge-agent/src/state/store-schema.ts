/** Raised by one with every change of the tables; a store of a later version is refused, never guessed at. */
export const STORE_VERSION = 3;

/** SQLite's page: the bound on the file is counted in it. */
export const PAGE_BYTES = 4096;

/**
 * The tables. One writer, one file; what belongs together is written in one transaction.
 *
 * spool       what was seen, numbered for the cloud: (epoch, seq) grows without gaps. Acknowledged items stay a while.
 * bookmark    how far a source was read: moves in the transaction that holds what was read.
 * place_page  what is kept of eight addresses: the law's input and its outcome, packed as they stand in memory.
 * facts_page  directory facts of eight of those who have, or lately had, a session.
 * word        the strings that pages are written with, by number: written with the first page that needs them.
 * login       of each name and password that was shown and not let in since, by its fingerprint: how often.
 * meta        single values: spool id, epoch, numbers, revision, incarnation, last good configuration.
 */
export const STORE_TABLES = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS spool (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS bookmark (source_id TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS place_page (page INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS facts_page (page INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS word (
  kind TEXT NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, number)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS login (
  fingerprint TEXT NOT NULL UNIQUE, refusals INTEGER NOT NULL, doubts INTEGER NOT NULL, doubt_at INTEGER NOT NULL,
  refusal TEXT NOT NULL, doubt TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS ballast (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
`;
