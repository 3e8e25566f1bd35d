import { runMigrations } from "bullmq";
import type { Client, PoolClient } from "pg";

/** BullMQ's schema when the queue lives in Postgres. */
export const QUEUE_SCHEMA = "bullmq";

/**
 * Brings BullMQ's tables and functions up to date under the role of `client` and lets `appRole` use them.
 * The apps therefore work the queue with a role that owns nothing and could not change a table.
 *
 * Shape:  safe to run at each start and by several at once (BullMQ takes a lock of its own).
 * Errors: throws what the database says.
 */
export async function prepareQueueSchema(client: Client | PoolClient, appRole: string): Promise<void> {
  await runMigrations(client as unknown as Parameters<typeof runMigrations>[0], QUEUE_SCHEMA);
  const role = client.escapeIdentifier(appRole);
  await client.query(`
    GRANT USAGE ON SCHEMA ${QUEUE_SCHEMA} TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO ${role};
    GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA ${QUEUE_SCHEMA} TO ${role};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${QUEUE_SCHEMA} TO ${role};
  `);
}
