import type pg from "pg";
import type { PruneOptions, PruneOutcome } from "./ledger-types.ts";

/**
 * Forgets what nobody needs any more, within the caller's transaction.
 *
 * Shape:  the floor rises to the greatest revision of a pruned tombstone: a firewall whose cursor is older gets
 *         everything anew. Of principal facts the newest stays in the observation feed, so that a new agent learns
 *         all principals by reading it from its start.
 */
export async function prune(client: pg.PoolClient, options: PruneOptions): Promise<PruneOutcome> {
  const { tenantId, before, historyBefore } = options;
  const locked = await client.query("SELECT 1 FROM customer WHERE id = $1 FOR NO KEY UPDATE", [tenantId]);
  if (locked.rowCount === 0)
    throw new Error(`prune the ledger of tenant ${tenantId}: there is no such customer`);
  const removed = async (text: string, at: number) =>
    (await client.query(text, [tenantId, at])).rowCount ?? 0;

  const tombstones = await client.query<{ revision: string }>(
    `DELETE FROM session WHERE tenant_id = $1 AND NOT is_live AND updated_at < to_timestamp($2::float8 / 1000)
       AND (next_change_at IS NULL OR next_change_at < to_timestamp($2::float8 / 1000)) RETURNING revision`,
    [tenantId, before],
  );
  const highest = tombstones.rows.reduce((most, row) => Math.max(most, Number(row.revision)), 0);
  const { rows } = await client.query<{ feed_floor_revision: string }>(
    `UPDATE customer SET feed_floor_revision = greatest(feed_floor_revision, $2) WHERE id = $1
     RETURNING feed_floor_revision`,
    [tenantId, highest],
  );
  const changes = await removed(
    "DELETE FROM change_feed WHERE tenant_id = $1 AND at < to_timestamp($2::float8 / 1000)",
    before,
  );
  const observations = await removed(
    `DELETE FROM observation_feed f WHERE f.tenant_id = $1 AND f.at < to_timestamp($2::float8 / 1000)
       AND (f.item ? 'observation' OR NOT EXISTS (
         SELECT 1 FROM principal_fact p WHERE p.tenant_id = f.tenant_id AND p.key = f.item->'principal'->>'key'
           AND p.facts->'asOf' = f.item->'principal'->'asOf'))`,
    before,
  );
  const history = await removed(
    "DELETE FROM session_history WHERE tenant_id = $1 AND effective_at < to_timestamp($2::float8 / 1000)",
    historyBefore,
  );
  const deadLetters = await removed(
    "DELETE FROM dead_letter WHERE tenant_id = $1 AND at < to_timestamp($2::float8 / 1000)",
    historyBefore,
  );
  return {
    changes,
    observations,
    tombstones: tombstones.rowCount ?? 0,
    history,
    deadLetters,
    floorRevision: Number(rows[0]?.feed_floor_revision ?? 0),
  };
}
