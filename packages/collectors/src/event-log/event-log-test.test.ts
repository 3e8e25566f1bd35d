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
      ...options,
    },
    new AbortController().signal,
  );
  const last = checks.at(-1);
  return { names: checks.map(({ name, ok }) => `${name} ${ok ? "ok" : "failed"}`), last };
}

describe("the test of an event log", () => {
  it("goes from the name to one record, each step with what it found", async () => {
    const log = new FakeEventLog();
    log.add(anEvent({ eventId: 4768, data: fieldsOfReal(4768) }));
    const { names, last } = await tested(log);
    expect(names).toEqual(["Name ok", "Endpoint mapper ok", "Port ok", "Login ok", "Log ok", "Record ok"]);
    expect(last?.detail).toBe("The newest event is 4768 of dc1.corp.example, 2026-01-05T09:00:00.000Z");
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
    expect((await tested(log)).names.at(-1)).toBe("Record ok");
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
