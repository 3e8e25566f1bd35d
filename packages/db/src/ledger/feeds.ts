import type { Entry, Observation, PrincipalFacts } from "@rollcall/identity-core";
import type pg from "pg";
import type { DownlinkItem, DownlinkPage, FeedPage, LoadedTable } from "./ledger-types.ts";

interface Numbering {
  readonly feed_incarnation: string;
  readonly feed_revision: string;
  readonly feed_floor_revision: string;
}

const NUMBERING = {
  name: "numbering",
  text: "SELECT feed_incarnation, feed_revision, feed_floor_revision FROM customer WHERE id = $1",
};

async function numberingOf(client: pg.PoolClient, tenantId: string): Promise<Numbering> {
  const { rows } = await client.query<Numbering>({ ...NUMBERING, values: [tenantId] });
  const row = rows[0];
  if (!row) throw new Error(`read the feed of tenant ${tenantId}: there is no such customer`);
  return row;
}

const LOAD_PAGE = 5000;

/** A tenant's whole table at one instant, within the caller's transaction, which reads one snapshot. */
export async function loadTable(client: pg.PoolClient, tenantId: string): Promise<LoadedTable> {
  const numbering = await numberingOf(client, tenantId);
  const entries: Entry[] = [];
  // In pages: a large table must not stand in memory twice.
  for (let space = "00000000-0000-0000-0000-000000000000", ip = ""; ; ) {
    const { rows } = await client.query<{ address_space_id: string; ip: string; entry: Entry }>({
      name: "load-table",
      text: `SELECT address_space_id, ip, entry FROM session
        WHERE tenant_id = $1 AND (address_space_id, ip) > ($2::uuid, $3::text)
        ORDER BY address_space_id, ip LIMIT ${LOAD_PAGE}`,
      values: [tenantId, space, ip],
    });
    for (const row of rows) if (row.entry.revision > 0) entries.push(row.entry);
    const last = rows.at(-1);
    if (!last || rows.length < LOAD_PAGE) break;
    space = last.address_space_id;
    ip = last.ip;
  }
  return {
    incarnation: numbering.feed_incarnation,
    revision: Number(numbering.feed_revision),
    floorRevision: Number(numbering.feed_floor_revision),
    entries,
  };
}

/** About `limit` entries: all that one record changed have one revision, and are never in two pages. */
export async function readFeed(
  client: pg.PoolClient,
  tenantId: string,
  after: number,
  limit: number,
): Promise<FeedPage> {
  const numbering = await numberingOf(client, tenantId);
  const newest = Number(numbering.feed_revision);
  if (after > newest) return { kind: "reload" };
  const { rows } = await client.query<{ revision: string; entry: Entry }>({
    name: "read-feed",
    text: `SELECT revision, entry FROM change_feed WHERE tenant_id = $1 AND revision > $2 AND revision <= $3
      ORDER BY revision FETCH FIRST $4 ROWS WITH TIES`,
    values: [tenantId, after, newest, limit],
  });
  // Revisions have no hole: when the next one is not there, it was pruned.
  const first = rows[0];
  if (first ? Number(first.revision) !== after + 1 : after < newest) return { kind: "reload" };
  const revision = Number(rows.at(-1)?.revision ?? after);
  return {
    kind: "page",
    incarnation: numbering.feed_incarnation,
    entries: rows.map((row) => row.entry),
    revision,
    floorRevision: Number(numbering.feed_floor_revision),
    isLast: revision === newest,
  };
}

export interface DownlinkQuery {
  readonly tenantId: string;
  readonly agentId: string;
  readonly after: number;
  readonly limit: number;
  /** Observations of other spaces are left out. Absent: all spaces. */
  readonly addressSpaceIds?: readonly string[] | undefined;
}

export async function readDownlink(client: pg.PoolClient, query: DownlinkQuery): Promise<DownlinkPage> {
  const { rows } = await client.query<{
    position: string;
    item: { observation?: Observation; principal?: PrincipalFacts };
  }>({
    name: "read-downlink",
    // An agent's own items are passed over, but not left out: the position must move past them.
    text: `SELECT position, CASE WHEN agent_id = $2 THEN '{}'::jsonb ELSE item END AS item
      FROM observation_feed WHERE tenant_id = $1 AND position > $3 ORDER BY position LIMIT $4`,
    values: [query.tenantId, query.agentId, query.after, query.limit],
  });
  const items: DownlinkItem[] = [];
  for (const { item } of rows) {
    if (item.principal) items.push({ kind: "principal", facts: item.principal });
    if (item.observation && (query.addressSpaceIds?.includes(item.observation.addressSpaceId) ?? true))
      items.push({ kind: "observation", observation: item.observation });
  }
  return { next: Number(rows.at(-1)?.position ?? query.after), items, isLast: rows.length < query.limit };
}
