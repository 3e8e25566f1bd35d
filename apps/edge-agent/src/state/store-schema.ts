/** Raised by one with every change of the tables; a store of a later version is refused, never guessed at. */
export const STORE_VERSION = 1;

/** SQLite's page: the bound on the file is counted in it. */
export const PAGE_BYTES = 4096;

/**
 * The tables. One writer, one file; what belongs together is written in one transaction.
 *
 * spool      what was seen, numbered for the cloud: (epoch, seq) grows without gaps. Acknowledged items stay a while.
 * bookmark   how far a source was read: moves in the transaction that holds what was read.
 * key_state  the compacted observations of one address (the law's input).
 * entry      what firewalls are told of one address (the law's outcome), with its revision.
 * principal  directory facts of those who have, or lately had, a session.
 * meta       single values: spool id, epoch, numbers, revision, incarnation, last good configuration.
 */
export const STORE_TABLES = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS spool (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS bookmark (source_id TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS key_state (
  address_space_id TEXT NOT NULL, ip TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (address_space_id, ip)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS entry (
  address_space_id TEXT NOT NULL, ip TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (address_space_id, ip)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS principal (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS ballast (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
`;
