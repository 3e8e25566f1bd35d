import type { Arbitration, Corroboration, Observation } from "@rollcall/identity-core";
import type pg from "pg";
import { inTenant } from "../tenant-connection.ts";
import {
  type Applied,
  applyItems,
  applyOwn,
  applyToTable,
  type OpenLedger,
  type Sender,
} from "./apply-items.ts";
import { letterOf } from "./check-item.ts";
import { loadTable, readDownlink, readFeed } from "./feeds.ts";
import { insertDeadLetters, loadDueSessions } from "./ledger-rows.ts";
import type {
  Batch,
  CommitOutcome,
  DownlinkPage,
  FeedPage,
  LedgerItem,
  LoadedTable,
  OpenOutcome,
  OpenStream,
  OwnOutcome,
  PruneOptions,
  PruneOutcome,
  SweepOutcome,
} from "./ledger-types.ts";
import { openStream } from "./open-stream.ts";
import { prune } from "./prune.ts";

/**
 * Where an agent's items become truth: cursor, history, session states, change feed and observation feed change in one
 * transaction or not at all.
 *
 * Holds:    nothing in memory. A tenant's ledger is changed by one transaction at a time, under the lock of its
 *           customer row: revisions therefore have no hole and are committed in their order.
 * Errors:   outcomes are returned; what the database refuses is thrown after the rollback, and the agent sends again.
 * Source:   reliability-security 4.3, 4.4 (stream states); the law of identity-core.
 */
export interface Ledger {
  openStream(open: OpenStream): Promise<OpenOutcome>;
  commitBatch(batch: Batch): Promise<CommitOutcome>;
  /** Takes what no agent sent: history, change feed and the feed to all agents, like a batch. A repeat changes nothing. */
  commitOwn(tenantId: string, observations: readonly Observation[]): Promise<OwnOutcome>;
  /** Lets time pass: expiry and the end of contested. `now` is epoch ms. Cheap when nothing is due. */
  sweep(tenantId: string, now: number): Promise<SweepOutcome>;
  loadTable(tenantId: string): Promise<LoadedTable>;
  /** Changes with revision > `after`, oldest first. */
  readFeed(tenantId: string, after: number, limit: number): Promise<FeedPage>;
  /** What others learnt: observations and facts after position `after`, without the agent's own. */
  readDownlink(
    tenantId: string,
    agentId: string,
    after: number,
    limit: number,
    addressSpaceIds?: readonly string[],
  ): Promise<DownlinkPage>;
  prune(options: PruneOptions): Promise<PruneOutcome>;
}

export interface LedgerOptions {
  readonly now: () => number;
  readonly node: string;
  readonly darkSources?: (tenantId: string) => ReadonlySet<string>;
}

const SWEEP_LIMIT = 2000;

export function createLedger(pool: pg.Pool, options: LedgerOptions): Ledger {
  const run = <T>(
    tenantId: string,
    work: (client: pg.PoolClient) => Promise<T>,
    mode: "read-write" | "snapshot" = "read-write",
  ) => inTenant(pool, tenantId, work, mode);

  return {
    openStream: (open) =>
      run(open.tenantId, (client) => openStream(client, open, { now: options.now(), node: options.node })),

    commitBatch: (batch) =>
      run(batch.tenantId, (client) => commitBatch(client, batch, options.now(), options.darkSources)),

    commitOwn: (tenantId, observations) =>
      run(tenantId, async (client) => {
        const ledger = await lockLedger(client, tenantId, options.now(), options.darkSources);
        const before = ledger.revision;
        const { refused, changed, observed } = await applyOwn(ledger, observations);
        if (refused !== null) return { kind: "refused", reason: refused };
        await keepRevision(ledger, before);
        return { kind: "committed", revision: ledger.revision, changed, observed };
      }),

    async sweep(tenantId, now) {
      let swept = 0;
      let changed = false;
      for (;;) {
        const page = await run(tenantId, (client) => sweepOnce(client, tenantId, now, options.darkSources));
        swept += page.swept;
        changed ||= page.changed;
        if (page.swept < SWEEP_LIMIT) return { ...page, swept, changed };
      }
    },

    loadTable: (tenantId) => run(tenantId, (client) => loadTable(client, tenantId), "snapshot"),
    readFeed: (tenantId, after, limit) =>
      run(tenantId, (client) => readFeed(client, tenantId, after, limit), "snapshot"),
    readDownlink: (tenantId, agentId, after, limit, addressSpaceIds) =>
      run(tenantId, (client) => readDownlink(client, { tenantId, agentId, after, limit, addressSpaceIds })),
    prune: (what) => prune(pool, what),
  };
}

async function commitBatch(
  client: pg.PoolClient,
  batch: Batch,
  now: number,
  darkSources: LedgerOptions["darkSources"],
): Promise<CommitOutcome> {
  const key = [batch.tenantId, batch.agentId, batch.lane];
  const { rows } = await client.query<{ epoch: number; committed: string }>({
    name: "lock-stream",
    text: "SELECT epoch, committed FROM agent_stream WHERE tenant_id = $1 AND agent_id = $2 AND lane = $3 FOR UPDATE",
    values: key,
  });
  const stream = rows[0];
  if (!stream || batch.epoch > stream.epoch || batch.epoch < 1) return { kind: "unknown-epoch" };
  if (batch.epoch < stream.epoch) return { kind: "stale-epoch", epoch: stream.epoch };
  const committed = Number(stream.committed);
  if (batch.last <= committed) {
    const revision = await revisionOf(client, batch.tenantId);
    return {
      kind: "committed",
      ack: committed,
      epoch: stream.epoch,
      revision,
      deadLetters: 0,
      changed: false,
      observed: false,
    };
  }
  const items = batch.items.filter((item) => item.seq > committed);
  if (batch.first > committed + 1 || !isUnbroken(items, committed + 1, batch.last))
    return { kind: "gap", expected: committed + 1 };

  const ledger = await lockLedger(client, batch.tenantId, now, darkSources);
  const before = ledger.revision;
  const applied = await applyOrBisect(ledger, { agentId: batch.agentId, epoch: batch.epoch }, items);
  await client.query({
    name: "move-cursor",
    text: `UPDATE agent_stream SET committed = $4, updated_at = to_timestamp($5::float8 / 1000)
      WHERE tenant_id = $1 AND agent_id = $2 AND lane = $3`,
    values: [...key, batch.last, now],
  });
  await keepRevision(ledger, before);
  return { kind: "committed", ack: batch.last, epoch: stream.epoch, revision: ledger.revision, ...applied };
}

function isUnbroken(items: readonly LedgerItem[], first: number, last: number): boolean {
  return items.length === last - first + 1 && items.every((item, index) => item.seq === first + index);
}

async function revisionOf(client: pg.PoolClient, tenantId: string): Promise<number> {
  const { rows } = await client.query<{ feed_revision: string }>(
    "SELECT feed_revision FROM customer WHERE id = $1",
    [tenantId],
  );
  return Number(rows[0]?.feed_revision ?? 0);
}

/** From here to the end of the transaction nobody else numbers changes of this tenant. */
async function lockLedger(
  client: pg.PoolClient,
  tenantId: string,
  now: number,
  darkSources: LedgerOptions["darkSources"],
): Promise<OpenLedger> {
  const { rows } = await client.query<{
    feed_revision: string;
    arbitration: string | null;
    corroboration: string | null;
    spaces: string[];
  }>({
    name: "lock-ledger",
    // NO KEY: rows that refer to the customer may still be written meanwhile.
    text: `SELECT feed_revision, settings->>'arbitration' AS arbitration, settings->>'corroboration' AS corroboration,
        ARRAY(SELECT a.id::text FROM address_space a WHERE a.tenant_id = $1) AS spaces
      FROM customer WHERE id = $1 FOR NO KEY UPDATE`,
    values: [tenantId],
  });
  const customer = rows[0];
  if (!customer) throw new Error(`open the ledger of tenant ${tenantId}: there is no such customer`);
  const arbitration: Arbitration = customer.arbitration === "last-writer" ? "last-writer" : "law";
  // Absent means `detect` (the schema's default), which decides as `off` does.
  const corroboration: Corroboration = customer.corroboration === "on" ? "on" : "off";
  return {
    client,
    tenantId,
    now,
    arbitration,
    corroboration,
    dark: darkSources?.(tenantId) ?? new Set(),
    addressSpaceIds: new Set(customer.spaces),
    revision: Number(customer.feed_revision),
  };
}

async function keepRevision(ledger: OpenLedger, before: number): Promise<void> {
  if (ledger.revision === before) return;
  await ledger.client.query({
    name: "keep-revision",
    text: "UPDATE customer SET feed_revision = $2 WHERE id = $1",
    values: [ledger.tenantId, ledger.revision],
  });
}

/**
 * Applies all items, or when the database refuses some of them (data it cannot hold, a constraint) those it takes: the
 * rest become dead letters within the same transaction, so that one item never stops a stream.
 */
async function applyOrBisect(
  ledger: OpenLedger,
  sender: Sender,
  items: readonly LedgerItem[],
): Promise<Applied> {
  const { client } = ledger;
  const revision = ledger.revision;
  await client.query("SAVEPOINT items");
  try {
    const applied = await applyItems(ledger, sender, items);
    await client.query("RELEASE SAVEPOINT items");
    return applied;
  } catch (error) {
    if (!isRefusalOfData(error)) throw error;
    await client.query("ROLLBACK TO SAVEPOINT items");
    ledger.revision = revision;
    const [only] = items;
    if (only !== undefined && items.length === 1) {
      const reason = `database: ${error instanceof Error ? error.message : String(error)}`;
      await insertDeadLetters(ledger, sender, [{ seq: only.seq, reason, item: letterOf(only) }]);
      return { deadLetters: 1, changed: false, observed: false };
    }
    const middle = Math.ceil(items.length / 2);
    const left = await applyOrBisect(ledger, sender, items.slice(0, middle));
    const right = await applyOrBisect(ledger, sender, items.slice(middle));
    return {
      deadLetters: left.deadLetters + right.deadLetters,
      changed: left.changed || right.changed,
      observed: left.observed || right.observed,
    };
  }
}

/** SQLSTATE classes 22 (data) and 23 (constraint), and a value too large for an index (54000). */
function isRefusalOfData(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && (/^2[23]/.test(code) || code === "54000");
}

async function sweepOnce(
  client: pg.PoolClient,
  tenantId: string,
  now: number,
  darkSources: LedgerOptions["darkSources"],
): Promise<SweepOutcome> {
  const isDue = async () => {
    const { rows } = await client.query<{ at: number | null; revision: string | null }>({
      name: "next-change",
      text: `SELECT (extract(epoch FROM (SELECT min(next_change_at) FROM session WHERE tenant_id = $1)) * 1000)::float8 AS at,
        (SELECT feed_revision FROM customer WHERE id = $1) AS revision`,
      values: [tenantId],
    });
    const at = rows[0]?.at ?? null;
    return { nextChangeAt: at === null ? null : Math.round(at), revision: Number(rows[0]?.revision ?? 0) };
  };
  const first = await isDue();
  if (first.nextChangeAt === null || first.nextChangeAt > now) return { ...first, changed: false, swept: 0 };
  const ledger = await lockLedger(client, tenantId, now, darkSources);
  const before = ledger.revision;
  const due = await loadDueSessions(ledger, SWEEP_LIMIT);
  const { changed } = await applyToTable(ledger, [], [], due);
  await keepRevision(ledger, before);
  const { nextChangeAt } = await isDue();
  return { changed, revision: ledger.revision, nextChangeAt, swept: due.length };
}
