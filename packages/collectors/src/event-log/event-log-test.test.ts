import { anEvent, fieldsOfReal } from "@rollcall/event-rules/testing";
import { describe, expect, it } from "vitest";
import { EventLogFault } from "./event-log-fault.ts";
import { type EventLogTestOptions, testEventLog } from "./event-log-test.ts";
import type { EventSourceConfig } from "./event-source-config.ts";
import { FakeEventLog } from "./testing/fake-event-log.ts";

const CONFIG: EventSourceConfig = {
  id: "dc1",
  name: "DC 1",
  kind: "domain-controller",
  host: "dc1.corp.example",
  addressSpaceId: "space",
  catchUpMinutes: 60,
  lifetimeMinutes: 480,
  rulesOff: [],
  rulesOn: [],
  shares: [],
  endpointMapperPort: 135,
  headerSigning: true,
};
const refused = (code: string) => async () => {
  throw Object.assign(new Error(code), { code });
};

async function tested(log: FakeEventLog, options: Partial<EventLogTestOptions> = {}) {
  const checks = await testEventLog(
    {
      config: CONFIG,
      lookUp: async () => ["10.0.0.1"],
      findPort: async () => 49_667,
      reach: async () => undefined,
      port: log,
      decode: log.decode,
      askClockOffset: async () => 0,
      ...options,
    },
    new AbortController().signal,
  );
  const last = checks.at(-1);
  const named = (wanted: string) => checks.find(({ name }) => name === wanted);
  return { names: checks.map(({ name, ok }) => `${name} ${ok ? "ok" : "failed"}`), last, named };
}

describe("the test of an event log", () => {
  it("goes from the name to one record, each step with what it found", async () => {
    const log = new FakeEventLog();
    log.add(anEvent({ eventId: 4768, data: fieldsOfReal(4768) }));
    const { names, named } = await tested(log);
    expect(names).toEqual(
      ["Name", "Endpoint mapper", "Port", "Login", "Log", "Record", "Audit policy", "DCOM", "Clock"].map(
        (name) => `${name} ok`,
      ),
    );
    expect(named("Record")?.detail).toBe(
      "The newest event is 4768 of dc1.corp.example, 2026-01-05T09:00:00.000Z",
    );
  });

  it("asks no DNS for an address", async () => {
    const log = new FakeEventLog();
    const { names } = await tested(log, {
      config: { ...CONFIG, host: "10.0.0.1" },
      lookUp: refused("ENOTFOUND"),
    });
    expect(names[0]).toBe("Endpoint mapper ok");
  });

  it.each([
    ["Name", { lookUp: refused("ENOTFOUND") }, /not known to DNS/, /check the name/],
    ["Endpoint mapper", { findPort: refused("ETIMEDOUT") }, /does not answer/, /TCP 135/],
    ["Port", { reach: refused("ECONNREFUSED") }, /refuses connections/, /Remote Event Log Management/],
  ] as const)("ends at %s with its remedy when that fails", async (name, options, detail, remedy) => {
    const { names, last } = await tested(new FakeEventLog(), options);
    expect(names.at(-1)).toBe(`${name} failed`);
    expect(last?.detail).toMatch(detail);
    expect(last?.remedy).toMatch(remedy);
  });

  it("ends at the login when that is refused or paused", async () => {
    const log = new FakeEventLog();
    log.fault = new EventLogFault("login-paused", "The password was refused twice", "set it anew");
    const { names, last } = await tested(log);
    expect(names.at(-1)).toBe("Login failed");
    expect(last).toMatchObject({ detail: "The password was refused twice", remedy: "set it anew" });
  });

  it("ends at the log when the account may not read it, and tries the plain query before it says that ours is refused", async () => {
    const log = new FakeEventLog();
    log.add(anEvent({ eventId: 4768 }));
    log.refusesQueryWith = 5;
    expect((await tested(log)).last).toMatchObject({
      name: "Log",
      ok: false,
      remedy: expect.stringContaining("Event Log Readers"),
    });
    log.refusesQueryWith = 0x3a99;
    expect((await tested(log)).names).toContain("Record ok");
  });

  it("says of a log without such events that the audit policy is what to look at", async () => {
    const { last } = await tested(new FakeEventLog());
    expect(last).toMatchObject({
      name: "Record",
      ok: false,
      remedy: expect.stringContaining("audit policy"),
    });
  });
});

describe("what could be better", () => {
  it("is an audit policy without events that the rules want, told with the line that mends it", async () => {
    const log = new FakeEventLog();
    for (let index = 0; index < 60; index += 1) log.add(anEvent({ eventId: index % 2 === 0 ? 4624 : 4768 }));
    const { named } = await tested(log);
    expect(named("Audit policy")).toEqual({
      name: "Audit policy",
      ok: true,
      detail:
        "The newest 60 events are 4624, 4768; none is of Kerberos Service Ticket Operations (4769, 4770)",
      remedy:
        'on dc1.corp.example, as administrator: auditpol /set /subcategory:"{0CCE9240-69AE-11D9-BED3-505054503030}" /success:enable (or the same by group policy, which wins over it)',
    });
  });

  it("is not said of a log with few events, nor of rules that are off", async () => {
    const log = new FakeEventLog();
    log.add(anEvent({ eventId: 4624 }));
    expect((await tested(log)).named("Audit policy")).not.toHaveProperty("remedy");
    for (let index = 0; index < 60; index += 1) log.add(anEvent({ eventId: index % 2 === 0 ? 4624 : 4768 }));
    const rulesOff = ["event:4769", "event:4769-dc", "event:4770"];
    const off = await tested(log, { config: { ...CONFIG, rulesOff } });
    expect(off.named("Audit policy")).not.toHaveProperty("remedy");
  });

  it("is a program whose calls the server refuses", async () => {
    const log = new FakeEventLog();
    log.add(anEvent({ eventId: 10036 }), anEvent({ eventId: 10036 }), anEvent({ eventId: 4768 }));
    expect((await tested(log)).named("DCOM")).toMatchObject({
      ok: true,
      detail: "2 calls were refused for their authentication level (10036)",
      remedy: expect.stringContaining("KB5004442"),
    });
  });

  it("is a clock that is 5 s off; from a minute on it is a fault, and one that tells no time is none", async () => {
    const log = new FakeEventLog();
    log.add(anEvent({ eventId: 4768 }));
    const clockAt = async (offset: number | null) =>
      (await tested(log, { askClockOffset: async () => offset })).named("Clock");
    expect(await clockAt(4000)).not.toHaveProperty("remedy");
    expect(await clockAt(-7000)).toMatchObject({
      ok: true,
      detail: expect.stringContaining("7 s behind"),
      remedy: expect.stringContaining("w32tm"),
    });
    expect(await clockAt(61_000)).toMatchObject({ ok: false, detail: expect.stringContaining("61 s ahead") });
    expect(await clockAt(null)).toMatchObject({ ok: true });
  });

  it("is a login by NTLM", async () => {
    const log = new FakeEventLog();
    log.login = "NTLM";
    log.add(anEvent({ eventId: 4768 }));
    expect((await tested(log)).named("Login")).toMatchObject({
      ok: true,
      remedy: expect.stringContaining("Kerberos"),
    });
  });

  it("names the logs that are there where the one that is asked for is not", async () => {
    const log = new FakeEventLog();
    log.refusesQueryWith = 0x3a9f;
    const { last } = await tested(log, { config: { ...CONFIG, channelPath: "Securty" } });
    expect(last).toMatchObject({ name: "Log", ok: false, remedy: expect.stringMatching(/has it: Security/) });
  });
});
