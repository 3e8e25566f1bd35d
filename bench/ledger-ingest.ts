import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { createDatabase, type Database, type LedgerItem } from "@rollcall/db";
import { type SeededTenant, seedTenant } from "@rollcall/db/testing";
import { makeTempDir } from "@rollcall/testkit";
import pg from "pg";
import { migrateDeploy } from "../scripts/migrate-deploy.ts";
import { startPostgres } from "../scripts/services/postgres.ts";
import { type Figure, figureLine, median, say } from "./figure.ts";
import { factsOf, logonOf } from "./parts/sessions.ts";

const PEOPLE = 5000;
const BATCH = 500;
const EVENTS = 10_000;

/** How many observations become truth in Postgres, beside what the same database takes when it only stores rows. */
export const ledgerIngest: Figure = {
  name: "ledger-ingest",
  what: `observations/s into a durable Postgres through ledger.commitBatch, batches of ${BATCH}, ${PEOPLE} people with 20 groups each; limit: the same rows into the history table's twin by plain multi-row insert`,
  async measure({ rounds }) {
    const dataDir = makeTempDir("rollcall-bench-");
    const server = await startPostgres({ dataDir, isThrowAway: true });
    try {
      await migrateDeploy(server.ownerUrl);
      // The administrator's address names the database "postgres"; the owner's names ours.
      const superUrl = new URL(server.superUrl);
      superUrl.pathname = new URL(server.ownerUrl).pathname;
      const tenant = await seedTenant(superUrl.href);
      const database = createDatabase({ url: server.appUrl });
      const plain = new pg.Client({ connectionString: superUrl.href });
      await plain.connect();
      try {
        await plain.query("CREATE TABLE bench_rows (LIKE session_history INCLUDING ALL)");
        return await compare(database, plain, tenant, rounds);
      } finally {
        await plain.end();
        await database.close();
      }
    } finally {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

async function compare(database: Database, plain: pg.Client, tenant: SeededTenant, rounds: number) {
  const now = Date.now();
  const stream = { tenantId: tenant.tenantId, agentId: tenant.agentId, lane: "live" };
  const ids = { spoolId: randomUUID(), bootId: randomUUID() };
  const opened = await database.ledger.openStream({
    ...stream,
    ...ids,
    epoch: 0,
    nextSeq: 1,
    oldestRetained: 1,
  });
  if (opened.kind === "locked") throw new Error("the stream is locked");
  const { epoch } = opened;
  let seq = 1;
  const commit = async (bodies: readonly Body[]): Promise<void> => {
    const items = bodies.map((body, at): LedgerItem => ({ ...body, seq: seq + at }));
    const last = seq + items.length - 1;
    const outcome = await database.ledger.commitBatch({ ...stream, epoch, first: seq, last, items });
    if (outcome.kind !== "committed" || outcome.deadLetters > 0) {
      throw new Error(`commit of a batch: ${JSON.stringify(outcome)}`);
    }
    seq = last + 1;
  };
  for (const some of batches(PEOPLE)) {
    await commit(some.map((at) => ({ kind: "principal", facts: factsOf(at, now) })));
  }
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const logons = (some: readonly number[]) =>
      some.map((at) =>
        logonOf(at % PEOPLE, now + round * EVENTS + at, round * EVENTS + at, tenant.addressSpaceId),
      );
    ours.push(
      await perSecond((some) =>
        commit(logons(some).map((observation) => ({ kind: "observation", observation }))),
      ),
    );
    theirs.push(await perSecond((some) => insertPlain(plain, tenant, logons(some))));
    say(
      `  round ${round + 1}: ledger ${Math.round(ours.at(-1) ?? 0)}/s, plain ${Math.round(theirs.at(-1) ?? 0)}/s`,
    );
  }
  return figureLine("ledger-ingest", "events/s", median(ours), median(theirs));
}

type Body = LedgerItem extends infer Item ? (Item extends LedgerItem ? Omit<Item, "seq"> : never) : never;

async function perSecond(store: (numbers: readonly number[]) => Promise<void>): Promise<number> {
  const begunAt = performance.now();
  for (const some of batches(EVENTS)) await store(some);
  return EVENTS / ((performance.now() - begunAt) / 1000);
}

function* batches(total: number): Generator<readonly number[]> {
  for (let from = 0; from < total; from += BATCH) {
    yield Array.from({ length: Math.min(BATCH, total - from) }, (_, at) => from + at);
  }
}

/** The rows of the history and nothing else: no law, no table, no feeds, no row-level security. One transaction a batch. */
async function insertPlain(
  plain: pg.Client,
  tenant: SeededTenant,
  logons: readonly ReturnType<typeof logonOf>[],
): Promise<void> {
  await plain.query({
    name: "plain",
    text: `INSERT INTO bench_rows (tenant_id, observation_id, effective_at, received_at, agent_id, address_space_id,
        source_id, ip, kind, verb, class, user_name, user_domain, body_hash, body)
      SELECT $1, i, to_timestamp(e / 1000), to_timestamp(e / 1000), $2, $3, 'vpn', p, 'user', 'start', 'A', u, 'CORP', 'hash', b
      FROM unnest($4::text[], $5::float8[], $6::text[], $7::text[], $8::jsonb[]) AS x(i, e, p, u, b)`,
    values: [
      tenant.tenantId,
      tenant.agentId,
      tenant.addressSpaceId,
      logons.map(({ id }) => id),
      logons.map(({ effectiveAt }) => effectiveAt),
      logons.map(({ ip }) => ip),
      logons.map(({ principal }) => principal?.name ?? null),
      logons.map((logon) => JSON.stringify(logon)),
    ],
  });
}
