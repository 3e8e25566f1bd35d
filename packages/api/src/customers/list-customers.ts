import { severityOf } from "@rollcall/health";
import type { z } from "zod";
import type { ApiServices, SignedInContext } from "../context.ts";
import { agentView, chainView, pointView } from "../facts/chain-facts.ts";
import { type CustomerFacts, readFacts } from "../facts/read-facts.ts";
import { setupProgress } from "../setup/setup-steps.ts";
import type { customerListInput, customerPage, customerRow } from "./customers.schema.ts";
import { askEach, type FleetCustomer, grantedCustomers } from "./fleet.ts";

type Row = z.infer<typeof customerRow>;

/** Facts, not verdicts, are kept: how old they are is judged anew with each list. */
const FACTS_KEPT_MS = 3_000;
const kept = new WeakMap<ApiServices, Map<string, CustomerFacts>>();

/** The customers the person may see, worst first. Each is read in its own tenant transaction. */
export async function listCustomers(
  ctx: SignedInContext,
  input: z.output<typeof customerListInput>,
): Promise<z.infer<typeof customerPage>> {
  const now = ctx.services.now();
  const customers = (await grantedCustomers(ctx, "customer:list")).filter((customer) =>
    isMeant(customer, input.search),
  );
  const facts = keptFacts(ctx.services);
  const fresh = customers.filter((customer) => isFresh(facts.get(customer.id), now));
  const asked = await askEach(
    ctx,
    customers.filter((customer) => !fresh.includes(customer)),
    (handle) => readFacts(handle, now),
  );
  for (const { customer, answer } of asked.answers) facts.set(customer.id, answer);
  const rows = [
    ...fresh.flatMap((customer) => rowOf(customer, facts.get(customer.id), now)),
    ...asked.answers.flatMap(({ customer, answer }) => rowOf(customer, answer, now)),
  ]
    .filter((row) => input.states.length === 0 || input.states.includes(row.chain.state))
    .sort(worstFirst);
  const from = offsetOf(input.cursor ?? null);
  const next = from + input.limit;
  return {
    items: rows.slice(from, next),
    failed: [...asked.failed],
    total: rows.length,
    next: next < rows.length ? String(next) : null,
    asOf: new Date(now),
  };
}

function isMeant({ name, slug, adDomain }: FleetCustomer, search: string): boolean {
  const text = search.toLowerCase();
  return [name, slug, adDomain ?? ""].some((field) => field.toLowerCase().includes(text));
}

function keptFacts(services: ApiServices): Map<string, CustomerFacts> {
  const known = kept.get(services);
  if (known) return known;
  const fresh = new Map<string, CustomerFacts>();
  kept.set(services, fresh);
  // What is announced as changed is read anew, or the page that asks again at once would see the old.
  for (const head of ["portal:", "feed:", "config:"])
    services.bell.onRing(head, (topic) => {
      const tenantId = topic.slice(head.length);
      if (tenantId === "") fresh.clear();
      else fresh.delete(tenantId);
    });
  return fresh;
}

function isFresh(facts: CustomerFacts | undefined, now: number): boolean {
  return facts !== undefined && Math.abs(now - facts.now) < FACTS_KEPT_MS;
}

function rowOf(customer: FleetCustomer, facts: CustomerFacts | undefined, now: number): Row[] {
  if (facts === undefined) return [];
  const current = { ...facts, now };
  const agents = facts.agents.filter((agent) => agent.state !== "revoked");
  const words = agents.map((agent) => agent.lastSeenAt?.getTime() ?? 0);
  const lastWord = Math.max(0, ...words);
  return [
    {
      slug: customer.slug,
      name: customer.name,
      hue: customer.hue,
      adDomain: customer.adDomain,
      chain: chainView(current),
      sites: facts.sites.length,
      agents: {
        ok: agents.filter((agent) => agentView(agent, facts.configVersion, now).state === "ok").length,
        all: agents.length,
      },
      firewalls: {
        ok: facts.points.filter((point) => pointView(point, facts.agents, now).state === "ok").length,
        all: facts.points.length,
      },
      peopleNow: facts.people.live,
      lastWordAt: lastWord === 0 ? null : new Date(lastWord),
      setup: setupProgress(current),
      createdAt: customer.createdAt,
    },
  ];
}

function worstFirst(a: Row, b: Row): number {
  const difference = severityOf(b.chain.state) - severityOf(a.chain.state);
  if (difference !== 0) return difference;
  const since = (row: Row) => row.chain.since?.getTime() ?? Number.MAX_SAFE_INTEGER;
  return since(a) - since(b) || a.name.localeCompare(b.name);
}

function offsetOf(cursor: string | null): number {
  return cursor !== null && /^\d{1,6}$/.test(cursor) ? Number(cursor) : 0;
}
