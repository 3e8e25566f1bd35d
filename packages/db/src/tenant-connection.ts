import type pg from "pg";
import { assertUuid } from "./assert-uuid.ts";

/**
 * One transaction of one tenant on a connection of `pool`: READ COMMITTED, the tenant set for this transaction only.
 * As `snapshot` all statements see the same instant, and none may write.
 *
 * Errors: what `work` throws, after the rollback. A connection whose rollback failed is not given back to the pool.
 */
export async function inTenant<T>(
  pool: pg.Pool,
  tenantId: string,
  work: (client: pg.PoolClient) => Promise<T>,
  mode: "read-write" | "snapshot" = "read-write",
): Promise<T> {
  assertUuid(tenantId, "the tenant id");
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(mode === "snapshot" ? "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" : "BEGIN");
    try {
      await client.query({
        name: "set-tenant",
        text: "SELECT set_config('app.tenant', $1, true)",
        values: [tenantId],
      });
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    } catch (error) {
      await client.query("ROLLBACK").catch((rollbackError: unknown) => {
        broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
      });
      throw error;
    }
  } finally {
    client.release(broken);
  }
}
