import { afterAll, beforeAll, expect, it } from "vitest";
import { StandInAgent, startInstallation, type TestInstallation } from "../testing/index.ts";
import { keepSuggestions } from "./keep-suggestions.ts";

let site: TestInstallation;
beforeAll(async () => {
  site = await startInstallation();
});
afterAll(() => site?.stop());

it("a decision that falls while an agent's report is written stays decided", async () => {
  const gateway = await site.gateway();
  const customer = await site.customer();
  const { tenantId } = customer;
  const agent = await StandInAgent.enrol(gateway.agentUrl, await site.onboarding(customer));
  const { id: agentId } = await site.database.withTenant(tenantId, ({ tx }) =>
    tx.agent.findFirstOrThrow({ where: { tenantId }, select: { id: true } }),
  );
  const found = {
    kind: "service-account" as const,
    subject: "corp\\scan",
    acted: false,
    firstSeenAt: 1_000_000,
    lastSeenAt: 1_000_000,
    count: 12,
    examples: [],
    signs: [],
  };
  await site.database.withTenant(tenantId, (handle) => keepSuggestions(handle, agentId, [found]));
  await site.database.withTenant(tenantId, async (handle) => {
    const { suggestion } = handle.tx;
    // Between what the report reads and what it writes, a person dismisses it.
    const findMany: typeof suggestion.findMany = (async (args: Parameters<typeof suggestion.findMany>[0]) => {
      const rows = await suggestion.findMany(args);
      await site.database.withTenant(tenantId, ({ tx }) =>
        tx.suggestion.updateMany({ where: { tenantId }, data: { state: "dismissed" } }),
      );
      return rows;
    }) as never;
    const meanwhile = new Proxy(suggestion, {
      get: (target, name) => (name === "findMany" ? findMany : Reflect.get(target, name)),
    });
    const tx = new Proxy(handle.tx, {
      get: (target, name) => (name === "suggestion" ? meanwhile : Reflect.get(target, name)),
    });
    await keepSuggestions({ ...handle, tx, tenantId }, agentId, [{ ...found, lastSeenAt: 2_000_000 }]);
  });
  const rows = await site.database.withTenant(tenantId, ({ tx }) =>
    tx.suggestion.findMany({ where: { tenantId }, select: { state: true } }),
  );
  expect(rows).toEqual([{ state: "dismissed" }]);
  agent.close();
});
