import { compilePattern } from "@rollcall/syslog-rules";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { aSuggestion } from "../testing/reports.ts";
import { accountPattern } from "./decide.ts";

let installation: TestInstallation;
let practice: TestPractice;
let number = 0;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
});
afterAll(() => installation?.close());

async function aCustomer() {
  const { slug: customer, siteId } = await practice.api.customers.add({ name: `watched-${++number}` });
  const tenantId = await tenantIdOf(installation, practice.id, customer);
  const agent = await anAgentAt(installation, { tenantId, siteId });
  const spaceId = (await practice.api.sites.list({ customer })).addressSpaces[0]?.id ?? "";
  return { customer, tenantId, siteId, agentId: agent.id, spaceId };
}

describe("a suggested service account", () => {
  it("becomes a filter that means it alone, and waits again when that is undone", async () => {
    const { customer, tenantId, agentId } = await aCustomer();
    const id = await aSuggestion(installation, { tenantId, agentId });
    expect(await practice.api.suggestions.list({ customer })).toMatchObject({
      open: 1,
      items: [
        {
          id,
          account: { domain: "meridian.example", name: "svc-backup" },
          address: null,
          agent: "lon-a",
          count: 12,
        },
      ],
    });
    const approved = await practice.api.suggestions.approve({ customer, id });
    const { items: filters } = await practice.api.filters.list({ customer });
    expect(filters).toMatchObject([
      { kind: "principal-exclude", value: "^meridian\\.example\\\\svc-backup$", note: "from a suggestion" },
    ]);
    expect(approved).toMatchObject({
      state: "approved",
      made: { kind: "filter", id: filters[0]?.id, exists: true },
      history: [{ actor: "Nora North", decision: "approve" }],
    });
    const undone = await practice.api.suggestions.undo({ customer, id });
    expect((await practice.api.filters.list({ customer })).items).toEqual([]);
    expect(undone).toMatchObject({ state: "open", made: null });
    expect(undone.history.map(({ decision }) => decision)).toEqual(["undo", "approve"]);
  });

  it("says what speaks for it, and nothing where an agent of before says none", async () => {
    const { customer, tenantId, agentId } = await aCustomer();
    await aSuggestion(installation, { tenantId, agentId }, { signs: ["service-name"] });
    await aSuggestion(installation, { tenantId, agentId }, { subject: "meridian.example\\scan" });
    const { items } = await practice.api.suggestions.list({ customer });
    expect(new Map(items.map(({ account, signs }) => [account?.name, signs]))).toEqual(
      new Map([
        ["svc-backup", ["service-name"]],
        ["scan", []],
      ]),
    );
  });

  it("is only suggested in the first days of a site where agents act, and the page says until when", async () => {
    const { customer, tenantId, siteId } = await aCustomer();
    const learning = async () => (await practice.api.suggestions.list({ customer })).learning;
    expect(await learning()).toEqual([]);
    await practice.api.settings.update({ customer, changes: { detection: { mode: "on" } } });
    const until = new Date(installation.clock.now() + 7 * 86_400_000);
    expect(await learning()).toEqual([{ site: expect.any(String), until }]);
    // An agent that is added later begins nothing anew.
    await installation.database.withTenant(tenantId, ({ tx }) =>
      tx.agent.updateMany({
        where: { tenantId },
        data: { enrolledAt: new Date(until.getTime() - 15 * 86_400_000) },
      }),
    );
    await anAgentAt(installation, { tenantId, siteId, name: "lon-b" });
    expect(await learning()).toEqual([]);
  });

  it("that was dismissed stays so, and the agents are told", async () => {
    const { customer, tenantId, agentId } = await aCustomer();
    const id = await aSuggestion(installation, { tenantId, agentId });
    const rungBefore = installation.bell.rung.length;
    expect((await practice.api.suggestions.dismiss({ customer, id })).state).toBe("dismissed");
    expect(installation.bell.rung.slice(rungBefore)).toContain(`config:${tenantId}`);
    expect((await practice.api.suggestions.list({ customer })).open).toBe(0);
    await expect(practice.api.suggestions.approve({ customer, id })).rejects.toMatchObject({
      code: "CONFLICT",
    });
  });

  it("can be undone after somebody removed its filter by hand", async () => {
    const { customer, tenantId, agentId } = await aCustomer();
    const id = await aSuggestion(installation, { tenantId, agentId });
    const { made } = await practice.api.suggestions.approve({ customer, id });
    await practice.api.filters.remove({ customer, id: made?.id ?? "" });
    expect((await practice.api.suggestions.list({ customer })).items[0]?.made?.exists).toBe(false);
    expect((await practice.api.suggestions.undo({ customer, id })).state).toBe("open");
  });
});

describe("a suggested shared host", () => {
  it("becomes a mark in its own address space with the mode that was chosen", async () => {
    const { customer, tenantId, agentId, spaceId } = await aCustomer();
    const id = await aSuggestion(
      installation,
      { tenantId, agentId },
      { kind: "multi-user", subject: `${spaceId}|10.20.31.7`, state: "automatic" },
    );
    const approved = await practice.api.suggestions.approve({ customer, id, mode: "last-interactive" });
    expect(approved).toMatchObject({
      address: { ip: "10.20.31.7", addressSpace: { id: spaceId, name: "Default" } },
      made: { kind: "mark", exists: true },
    });
    expect((await practice.api.marks.list({ customer })).items).toMatchObject([
      { range: "10.20.31.7", mark: "multi-user", mode: "last-interactive" },
    ]);
  });

  it("is approved by the mark that somebody made by hand, which an undo leaves alone", async () => {
    const { customer, tenantId, agentId, spaceId } = await aCustomer();
    const mark = await practice.api.marks.add({ customer, range: "10.20.31.7", mark: "nat" });
    const id = await aSuggestion(
      installation,
      { tenantId, agentId },
      { kind: "nat", subject: `${spaceId}|10.20.31.7` },
    );
    expect(await practice.api.suggestions.approve({ customer, id })).toMatchObject({ state: "approved" });
    expect(await practice.api.suggestions.undo({ customer, id })).toMatchObject({ state: "open" });
    expect((await practice.api.marks.list({ customer })).items.map((one) => one.id)).toEqual([mark.id]);
  });
});

describe("the pattern of an account", () => {
  const means = (subject: string, match: "account" | "name", text: string) => {
    const compiled = compilePattern(accountPattern(subject, match));
    if (compiled.kind === "refused") throw new Error(compiled.problem.message);
    return compiled.pattern.matches(text);
  };

  it("means that account from end to end, with its signs taken literally", () => {
    expect(means("corp.example\\svc+a.b", "account", "corp.example\\svc+a.b")).toBe(true);
    for (const other of [
      "corp.example\\svc+aXb",
      "corpXexample\\svc+a.b",
      "corp.example\\svc+a.b2",
      "svc+a.b",
    ])
      expect([other, means("corp.example\\svc+a.b", "account", other)]).toEqual([other, false]);
  });

  it("by name alone means it in any domain, since filters see the bare name too", () => {
    expect(means("corp.example\\svc$", "name", "svc$")).toBe(true);
    expect(means("corp.example\\svc$", "name", "corp.example\\svc$")).toBe(false);
  });
});
