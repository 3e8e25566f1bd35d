import type { KeyState } from "@rollcall/identity-core";
import type pg from "pg";
import { inTenant } from "../tenant-connection.ts";
import { tokensOfKey } from "./ledger-rows.ts";
import type { PruneOptions, PruneOutcome } from "./ledger-types.ts";

/**
 * Forgets what nobody needs any more, in several transactions, so that ingest waits for none of them for long.
 *
 * Shape:  the floor rises to the greatest revision of a pruned tombstone: a firewall whose cursor is older gets
 *         everything anew. Of principal facts the newest stays in the observation feed, so that a new agent learns
 *         all principals by reading it from its start.
 */
export async function prune(pool: pg.Pool, options: PruneOptions): Promise<PruneOutcome> {
  const { tenantId, before, historyBefore } = options;
  const remove = (text: string, at: number) =>
    inTenant(pool, tenantId, async (client) => (await client.query(text, [tenantId, at])).rowCount ?? 0);
  const { tombstones, floorRevision } = await inTenant(pool, tenantId, (client) =>
    pruneTombstones(client, tenantId, before),
  );
  const changes = await remove(
    `DELETE FROM change_feed WHERE tenant_id = $1 AND revision < coalesce((
       SELECT revision FROM change_feed WHERE tenant_id = $1 AND at >= to_timestamp($2::float8 / 1000)
       ORDER BY revision LIMIT 1), ${Number.MAX_SAFE_INTEGER})`,
    before,
  );
  const observations = await remove(
    `DELETE FROM observation_feed f WHERE f.tenant_id = $1 AND f.position < coalesce((
       SELECT position FROM observation_feed WHERE tenant_id = $1 AND at >= to_timestamp($2::float8 / 1000)
       ORDER BY position LIMIT 1), ${Number.MAX_SAFE_INTEGER})
     AND (f.item ? 'observation' OR NOT EXISTS (
       SELECT 1 FROM principal_fact p WHERE p.tenant_id = f.tenant_id AND p.key = f.item->'principal'->>'key'
         AND p.facts->'asOf' = f.item->'principal'->'asOf'))`,
    before,
  );
  const history = await remove(
    "DELETE FROM session_history WHERE tenant_id = $1 AND effective_at < to_timestamp($2::float8 / 1000)",
    historyBefore,
  );
  const deadLetters = await remove(
    "DELETE FROM dead_letter WHERE tenant_id = $1 AND at < to_timestamp($2::float8 / 1000)",
    historyBefore,
  );
  return { changes, observations, tombstones, history, deadLetters, floorRevision };
}

/** Addresses where nobody is known and nothing happened since. */
async function pruneTombstones(client: pg.PoolClient, tenantId: string, before: number) {
  const locked = await client.query("SELECT 1 FROM customer WHERE id = $1 FOR NO KEY UPDATE", [tenantId]);
  if (locked.rowCount === 0)
    throw new Error(`prune the ledger of tenant ${tenantId}: there is no such customer`);
  const { rows: gone } = await client.query<{ revision: string; state: KeyState }>(
    `DELETE FROM session WHERE tenant_id = $1 AND NOT is_live AND updated_at < to_timestamp($2::float8 / 1000)
       AND (next_change_at IS NULL OR next_change_at < to_timestamp($2::float8 / 1000)) RETURNING revision, state`,
    [tenantId, before],
  );
  const aliases = gone.flatMap(({ state }) => [...tokensOfKey(state)].map((alias) => ({ alias, ...state })));
  await client.query(
    `DELETE FROM session_alias s USING unnest($2::text[], $3::uuid[], $4::text[]) AS m(alias, space, ip)
     WHERE s.tenant_id = $1 AND s.alias = m.alias AND s.address_space_id = m.space AND s.ip = m.ip`,
    [
      tenantId,
      aliases.map((one) => one.alias),
      aliases.map((one) => one.addressSpaceId),
      aliases.map((one) => one.ip),
    ],
  );
  const highest = gone.reduce((most, row) => Math.max(most, Number(row.revision)), 0);
  const { rows } = await client.query<{ floor: string }>(
    `UPDATE customer SET feed_floor_revision = greatest(feed_floor_revision, $2) WHERE id = $1
     RETURNING feed_floor_revision AS floor`,
    [tenantId, highest],
  );
  return { tombstones: gone.length, floorRevision: Number(rows[0]?.floor ?? 0) };
}
