import type { ClientBase, Pool } from "pg";

/** Months of logon history: made so far ahead, and so far back for records that arrive late. */
const MONTHS_AHEAD = 24;
const MONTHS_BACK = 2;
/** A customer may keep 365 days: whole months older than this hold nothing anybody may still have. */
const MONTHS_KEPT = 13;

/**
 * Makes the partitions of the coming months and drops those past every retention.
 *
 * Shape:  needs the owner's connection: making a table of history is a right that the apps do not have. Runs at every
 *         deployment; the worker does it too where it is given DATABASE_OWNER_URL.
 */
export async function keepHistoryPartitions(owner: ClientBase): Promise<{ made: number; dropped: number }> {
  const { rows } = await owner.query<{ made: number; dropped: number }>(
    `SELECT history.ensure_session_history_partitions($1, $2) AS made,
       history.drop_session_history_partitions($3) AS dropped`,
    [MONTHS_BACK, MONTHS_AHEAD, MONTHS_KEPT],
  );
  return rows[0] ?? { made: 0, dropped: 0 };
}

/** The first instant without a partition of its own (epoch ms). From then on rows go to the default partition: kept, but slower. */
export async function historyHorizon(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ name: string | null }>(
    `SELECT max(c.relname) AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'session_history'::regclass AND c.relname ~ '^session_history_\\d{4}_\\d{2}$'`,
  );
  const match = /(\d{4})_(\d{2})$/.exec(rows[0]?.name ?? "");
  return match ? Date.UTC(Number(match[1]), Number(match[2]), 1) : 0;
}
