import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  anAgentAt,
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "../testing/installation.ts";
import { aReport, reportHealth } from "../testing/reports.ts";
import { A_SEQUENCE } from "../testing/sample-inputs.ts";
import type { SequenceFields } from "./syslog.schema.ts";

let installation: TestInstallation;
let practice: TestPractice;
let customer = "";
let siteId = "";
let tenantId = "";
let number = 0;

beforeAll(async () => {
  installation = await createInstallation();
  practice = await installation.aPractice();
  ({ slug: customer, siteId } = await practice.api.customers.add({ name: "Meridian" }));
  tenantId = await tenantIdOf(installation, practice.id, customer);
});
afterAll(() => installation?.close());

function aSequence(changes: Partial<SequenceFields> = {}): SequenceFields {
  return {
    description: "",
    kind: "begin",
    trigger: A_SEQUENCE.trigger,
    patterns: A_SEQUENCE.patterns.map((pattern) => ({
      ...pattern,
      returnCount: 1,
      normalise: "none",
      optional: false,
    })),
    matchSourceIp: false,
    startingTimeMinutes: 0,
    positiveSamples: [...A_SEQUENCE.positiveSamples],
    negativeSamples: [],
    ...changes,
  };
}

function aSource(changes: Partial<Parameters<TestPractice["api"]["syslog"]["add"]>[0]> = {}) {
  number += 1;
  return practice.api.syslog.add({
    customer,
    siteId,
    name: `Source ${number}`,
    senders: ["10.20.0.9"],
    ...changes,
  });
}

describe("a syslog source", () => {
  it("starts with a base configuration's sequences, numbered from 1", async () => {
    const bases = await practice.api.syslog.baseConfigurations({ customer });
    const base = bases.items.find((one) => one.name === "key-value");
    const source = await aSource({ baseConfiguration: "key-value" });
    expect(source.sequences.map((sequence) => sequence.ordinal)).toEqual(
      base?.sequences.map((_, index) => index + 1),
    );
    expect(source.sequences.map((sequence) => sequence.trigger)).toEqual(
      base?.sequences.map((one) => one.trigger),
    );
    await expect(aSource({ baseConfiguration: "nobody's" })).rejects.toMatchObject({
      cause: { reason: "unknown-base-configuration" },
    });
  });

  it.each([
    ["a sender that is no address", { senders: ["gate1"] }],
    ["no sender", { senders: [] }],
    ["an unreadable pool", { speaksFor: ["10.20.0.0/33"] }],
    ["a zone that is none", { timeZone: "Mars/Olympus" }],
    ["a lifetime of two days", { lifetimeMinutes: 2880 }],
    ["a field that nobody knows", { sendrs: ["10.0.0.1"] }],
  ])("is refused with %s", async (_, changes) => {
    await expect(aSource(changes as never)).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  it("raises the configuration's version with each change, and not without one", async () => {
    const versionOf = async () => (await practice.api.customers.overview({ customer })).configVersion;
    const source = await aSource();
    const before = await versionOf();
    await practice.api.syslog.update({ customer, id: source.id, changes: { lifetimeMinutes: 60 } });
    expect(await versionOf()).toBe(before + 1);
    await practice.api.syslog.update({ customer, id: source.id, changes: { lifetimeMinutes: 60 } });
    expect(await versionOf()).toBe(before + 1);
  });
});

describe("rules", () => {
  it("are saved only when they compile, each fault with its place", async () => {
    const source = await aSource();
    const sequences = [aSequence(), aSequence({ trigger: "user(?<=x)" })];
    const outcome = await practice.api.syslog.saveSequences({
      customer,
      id: source.id,
      version: source.version,
      sequences,
    });
    if (outcome.kind !== "refused") throw new Error("saved");
    expect(outcome.problems[0]).toMatchObject({ sequence: 1, field: "trigger", position: 4 });
    expect((await practice.api.syslog.get({ customer, id: source.id })).sequences).toEqual([]);
  });

  it("are saved only when their samples hold", async () => {
    const source = await aSource();
    const sequences = [aSequence({ positiveSamples: ["logout user=ana ip=10.20.0.5"] })];
    const outcome = await practice.api.syslog.saveSequences({
      customer,
      id: source.id,
      version: source.version,
      sequences,
    });
    expect(outcome).toMatchObject({
      kind: "refused",
      problems: [{ sequence: 0, field: "positive-sample", index: 0 }],
    });
  });

  it("that somebody else saved meanwhile are not overwritten", async () => {
    const source = await aSource();
    const save = (version: string) =>
      practice.api.syslog.saveSequences({ customer, id: source.id, version, sequences: [aSequence()] });
    installation.clock.set(installation.clock.now() + 5);
    expect((await save(source.version)).kind).toBe("saved");
    await expect(save(source.version)).rejects.toMatchObject({ cause: { reason: "changed-meanwhile" } });
  });

  it("keep their ids when they are saved again: sessions name them", async () => {
    const plain = (changes = {}) => aSequence({ positiveSamples: [], ...changes });
    const source = await aSource();
    const first = await practice.api.syslog.saveSequences({
      customer,
      id: source.id,
      version: source.version,
      sequences: [plain(), plain()],
    });
    if (first.kind !== "saved") throw new Error("refused");
    const [a, b] = first.source.sequences;
    installation.clock.set(installation.clock.now() + 5);
    const again = await practice.api.syslog.saveSequences({
      customer,
      id: source.id,
      version: first.source.version,
      sequences: [plain({ description: "new" }), { ...plain(), id: b?.id }, { ...plain(), id: a?.id }],
    });
    if (again.kind !== "saved") throw new Error("refused");
    expect(again.source.sequences.slice(1).map((sequence) => sequence.id)).toEqual([b?.id, a?.id]);
    expect(again.source.sequences.map((sequence) => sequence.ordinal)).toEqual([1, 2, 3]);
  });

  it("put no sample into the audit log: samples are lines with people in them", async () => {
    const source = await aSource();
    await practice.api.syslog.saveSequences({
      customer,
      id: source.id,
      version: source.version,
      sequences: [aSequence()],
    });
    expect(JSON.stringify(await practice.api.audit.list({ customer }))).not.toContain("login user=ana");
  });

  it("can be tried on lines without saving anything", async () => {
    const lines = ["<134>login user=ana ip=10.20.0.5", "login user=ana ip=nowhere", "something else"];
    const tried = await practice.api.syslog.tryRules({ customer, sequences: [aSequence()], lines });
    expect(tried.problems).toEqual([]);
    expect(tried.lines).toMatchObject([
      { kind: "matched", sequence: 0, user: "ana", ip: "10.20.0.5" },
      { kind: "refused", sequence: 0, reason: "not-an-address" },
      { kind: "not-matched" },
    ]);
  });

  it("that would hang a backtracking engine answer at once", async () => {
    const hostile = aSequence({ trigger: "(a+)+$", positiveSamples: [] });
    const began = performance.now();
    await practice.api.syslog.tryRules({ customer, sequences: [hostile], lines: [`${"a".repeat(4000)}!`] });
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe("unknown senders", () => {
  it("are listed with a sample for those who may see raw lines, and without for an auditor", async () => {
    const agent = await anAgentAt(installation, { tenantId, siteId });
    const now = installation.clock.now();
    const sample = "login user=ana ip=10.20.0.5";
    await reportHealth(
      installation,
      { tenantId, agentId: agent.id },
      aReport(now, {
        unknownSenders: [{ sender: "10.20.0.99", transport: "udp", lines: 12, lastAt: now, sample }],
      }),
    );
    expect((await practice.api.syslog.unknownSenders({ customer })).items).toMatchObject([
      { sender: "10.20.0.99", lines: 12, sample, agent: { name: "lon-a" } },
    ]);
    const auditor = installation.as(await practice.principal({ role: "auditor", customerId: null }));
    expect((await auditor.syslog.unknownSenders({ customer })).items).toMatchObject([{ sample: null }]);
  });
});

describe("filters", () => {
  it("take a range or a pattern, each where it belongs", async () => {
    const add = (kind: "ip-exclude" | "principal-exclude", value: string) =>
      practice.api.filters.add({ customer, kind, value });
    await expect(add("ip-exclude", "printers")).rejects.toMatchObject({ cause: { reason: "bad-value" } });
    await expect(add("principal-exclude", "svc-(")).rejects.toMatchObject({ cause: { reason: "bad-value" } });
    const added = await add("principal-exclude", "^svc-");
    const changed = await practice.api.filters.update({
      customer,
      id: added.id,
      changes: { note: "service accounts" },
    });
    expect(changed).toMatchObject({ value: "^svc-", note: "service accounts" });
    await expect(
      practice.api.filters.update({ customer, id: added.id, changes: { value: "(" } }),
    ).rejects.toMatchObject({ cause: { reason: "bad-value" } });
    await practice.api.filters.remove({ customer, id: added.id });
    expect((await practice.api.filters.list({ customer })).items.map((one) => one.id)).not.toContain(
      added.id,
    );
  });
});
