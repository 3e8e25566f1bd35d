import { type Entry, type Observation, type PrincipalFacts, SessionTable } from "@rollcall/identity-core";
import { createDatabaseForTest, FakeClock, type TestDatabase } from "@rollcall/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../database.ts";
import { aLogon, ip, type SeededTenant, seedTenant, someFacts, TestAgent } from "../testing/index.ts";

/**
 * The ledger and the table in an agent's memory must not disagree: whatever the order, the batches, the repeats and the
 * agents by which the same observations and facts arrive, the same people are at the same addresses.
 */
const clock = new FakeClock();
let store: TestDatabase;
let database: Database;

beforeAll(async () => {
  store = await createDatabaseForTest();
  database = createDatabase({ url: store.appUrl, now: clock.now });
});
afterAll(() => database.close());

const MINUTE = 60_000;
const people = ["ana", "ben", "cho"] as const;

const claim = fc.record({
  kind: fc.constant("claim" as const),
  host: fc.integer({ min: 1, max: 3 }),
  person: fc.constantFrom(...people),
  spelling: fc.constantFrom("netbios", "upn", "sid"),
  verb: fc.constantFrom("start", "start", "refresh", "end"),
  class: fc.constantFrom("A", "A", "B", "C", "D"),
  minute: fc.integer({ min: 0, max: 180 }),
  lifetime: fc.constantFrom(10, 60, 240),
  correlator: fc.constantFrom(null, null, "s1", "s2"),
  scope: fc.constantFrom("named", "any"),
  isDevice: fc.boolean(),
});
const fact = fc.record({
  kind: fc.constant("fact" as const),
  person: fc.constantFrom(...people),
  asOf: fc.integer({ min: 1, max: 5 }),
  enabled: fc.constantFrom(true, true, true, false),
  group: fc.constantFrom("Staff", "Admins"),
});
type Arbitrarily<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Thing = Arbitrarily<typeof claim> | Arbitrarily<typeof fact>;
const history = fc.record({
  things: fc.array(fc.oneof({ weight: 5, arbitrary: claim }, { weight: 1, arbitrary: fact }), {
    minLength: 1,
    maxLength: 24,
  }),
  order: fc.array(fc.nat(1000), { minLength: 24, maxLength: 24 }),
  repeats: fc.array(fc.nat(23), { maxLength: 6 }),
  batch: fc.integer({ min: 1, max: 7 }),
  later: fc.integer({ min: 0, max: 300 }),
});

function build(
  tenant: SeededTenant,
  thing: Thing,
  index: number,
  from: number,
): Observation | PrincipalFacts {
  if (thing.kind === "fact")
    return someFacts({
      asOf: from + thing.asOf,
      name: thing.person,
      enabled: thing.enabled,
      groups: [thing.group],
    });
  const { person, spelling, isDevice } = thing;
  const principal =
    spelling === "upn"
      ? { upn: `${person}@corp.example` }
      : spelling === "sid"
        ? { sid: `S-1-5-21-1-2-3-${person}` }
        : { name: person, domain: "CORP" };
  return aLogon(tenant, {
    recordId: `r${index}`,
    ip: `10.0.0.${thing.host}`,
    at: from + thing.minute * MINUTE,
    kind: isDevice ? "device" : "user",
    verb: thing.verb as Observation["verb"],
    class: thing.class as Observation["class"],
    lifetimeMs: thing.lifetime * MINUTE,
    principal,
    correlator: thing.correlator,
    ...(thing.verb === "end"
      ? { endScope: { principal: thing.scope as "named" | "any", family: "same" as const } }
      : {}),
  });
}

/** What a firewall is told, and how long it holds; not the numbering, nor the memory of what was told before. */
function told(entry: Entry | null | undefined) {
  const { user = null, device = null } = entry ?? {};
  return {
    user: user && [user.principalKey, user.domain, user.name, user.groups, user.expiresAt, user.lastSeenAt],
    device: device && [device.principalKey, device.name, device.groups, device.expiresAt],
  };
}

describe("the ledger and the table in memory", () => {
  it("agree on who is where, in whatever order and however often the same things arrive", async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ things, order, repeats, batch, later }) => {
        const from = Date.parse("2026-01-05T08:00:00Z");
        clock.set(from + 180 * MINUTE);
        const tenant = await seedTenant(store.superUrl);
        const built = things.map((thing, index) => build(tenant, thing, index, from));
        const shuffled = built
          .map((thing, index) => ({ thing, at: order[index] ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ thing }) => thing);
        for (const at of repeats) {
          const again = built[at];
          if (again) shuffled.splice((at * 7) % (shuffled.length + 1), 0, again);
        }
        const agents = [
          await new TestAgent(database, tenant).begin(),
          await new TestAgent(database, tenant, tenant.secondAgentId).begin(),
        ];
        for (let at = 0, turn = 0; at < shuffled.length; at += batch, turn += 1)
          await agents[turn % 2]?.send(...shuffled.slice(at, at + batch));

        const table = new SessionTable({ issuer: "0000000000000001", incarnation: "0000000000000001" });
        table.applyFacts(
          built.filter((thing): thing is PrincipalFacts => !("recordId" in thing)),
          clock.now(),
        );
        table.apply(
          built.filter((thing): thing is Observation => "recordId" in thing),
          clock.now(),
        );

        const compare = async () => {
          const ledger = await database.ledger.loadTable(tenant.tenantId);
          for (const host of [1, 2, 3]) {
            const address = ip(`10.0.0.${host}`);
            const here = ledger.entries.find((entry) => entry.ip === address);
            expect(told(here), address).toEqual(told(table.entryOf(tenant.addressSpaceId, address)));
          }
          return ledger;
        };
        await compare();
        // Time goes on in both.
        clock.set(clock.now() + later * MINUTE);
        table.advance(clock.now());
        await database.ledger.sweep(tenant.tenantId, clock.now());
        const ledger = await compare();

        const feed = await database.ledger.readFeed(tenant.tenantId, 0, 1000);
        if (feed.kind !== "page") throw new Error("the feed asks for a reload");
        expect(feed.entries.map((entry) => entry.revision)).toEqual(
          feed.entries.map((_, index) => index + 1),
        );
        const newest = new Map(feed.entries.map((entry) => [entry.ip, entry.revision]));
        expect(new Map(ledger.entries.map((entry) => [entry.ip, entry.revision]))).toEqual(newest);
      }),
      { numRuns: Number(process.env.ROLLCALL_LAW_RUNS ?? 60) },
    );
  });
});
