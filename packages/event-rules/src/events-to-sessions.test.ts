import { type Corroboration, type PrincipalFacts, SessionTable } from "@rollcall/identity-core";
import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";
import {
  ALICE_SID,
  aContext,
  anEvent,
  type ContextSketch,
  fieldsOfReal,
  ip,
  NINE,
} from "./testing/builders.ts";
import { TicketRate } from "./ticket-rate.ts";

const MINUTE = 60_000;

/** What the directory says of somebody: a ticket writes their realm and no SID, a logon their NetBIOS domain. */
function factsOf(name: string, sid: string): PrincipalFacts {
  return {
    key: sid,
    kind: "user",
    directoryId: "corp",
    asOf: NINE,
    aliases: [sid.toLowerCase(), `corp.example\\${name}`, `corp\\${name}`, `${name}@corp.example`, name],
    domain: "corp.example",
    netbiosDomain: "CORP",
    name,
    groups: [],
    enabled: true,
  };
}

const BOB_SID = "S-1-5-21-1-2-3-1105";
const TASK_SID = "S-1-5-21-1-2-3-1106";
const PEOPLE = [factsOf("alice", ALICE_SID), factsOf("bob", BOB_SID), factsOf("task", TASK_SID)];

interface Happening {
  readonly minute: number;
  readonly id: number;
  readonly fields?: Readonly<Record<string, string>>;
  readonly from?: ContextSketch["kind"];
  /** Which controller wrote it. */
  readonly dc?: "dc1" | "dc2";
}

/** Who the session law names at 10.0.0.7 after these events, at so many minutes past nine. */
function whoIsThere(
  events: readonly Happening[],
  minute: number,
  corroboration: Corroboration = "on",
  rateOf: (computer: string) => TicketRate | null = () => null,
): { user: string | null; device: string | null } {
  const table = new SessionTable({
    issuer: "00000000000000aa",
    incarnation: "00000000000000bb",
    corroboration,
  });
  table.applyFacts(PEOPLE, NINE);
  for (const { minute: at, id, fields = {}, from = "domain-controller", dc = "dc1" } of events) {
    const event = anEvent({
      eventId: id,
      time: NINE + at * MINUTE,
      computer: from === "domain-controller" ? `${dc}.corp.example` : "pc7.corp.example",
      data: fieldsOfReal(id, fields),
    });
    const rate = rateOf(event.computer);
    const more = { receivedAt: NINE + at * MINUTE, ...(rate === null ? {} : { rate }) };
    const judgement = judge(event, aContext({ kind: from, controllers: ["dc1", "dc2"], more }));
    if (judgement.kind === "observations") table.apply(judgement.observations, NINE + at * MINUTE);
  }
  table.advance(NINE + minute * MINUTE);
  const entry = table.entryOf("space", ip("10.0.0.7"));
  return { user: entry?.user?.name ?? null, device: entry?.device?.name ?? null };
}

const BOB = { TargetUserName: "bob", TargetSid: BOB_SID, TargetUserSid: BOB_SID };
const collector = "event-collector" as const;

describe("what events make of an address", () => {
  it("a ticket that the same person's read of a controller follows is a logon", () => {
    expect(
      whoIsThere(
        [
          { minute: 0, id: 4768 },
          { minute: 1, id: 4624 },
        ],
        2,
      ).user,
    ).toBe("alice");
  });

  it("a read right after a ticket supports it, though the same person read already in that minute", () => {
    const rate = new TicketRate();
    const read = { id: 4769, fields: { ServiceName: "DC1$", TargetUserName: "bob@CORP.EXAMPLE" } };
    const events: Happening[] = [
      { minute: 0, id: 4624, fields: { LogonType: "2" }, from: collector },
      { ...read, minute: 60.1 },
      { minute: 60.5, id: 4768, fields: BOB },
      { ...read, minute: 60.52 },
    ];
    expect(whoIsThere(events, 80, "on", () => rate).user).toBe("bob");
  });

  it("what is left out as repeated changes nothing of which tickets are supported, whichever controllers wrote them", () => {
    const happening = fc
      .record({
        second: fc.nat(150),
        sort: fc.constantFrom("ticket" as const, "read" as const, "read" as const, "use" as const),
        name: fc.constantFrom("bob", "bob", "PC7$"),
        dc: fc.constantFrom("dc1" as const, "dc2" as const),
      })
      .map(({ second, sort, name, dc }): Happening => {
        const TargetUserName = sort === "ticket" ? name : `${name}@CORP.EXAMPLE`;
        const fields = { TargetUserName, ServiceName: sort === "read" ? "DC1$" : "FS1$" };
        return sort === "ticket"
          ? { minute: 60 + second / 60, id: 4768, fields: { ...fields, TargetSid: "" }, dc }
          : { minute: 60 + second / 60, id: 4769, fields, dc };
      });
    const door: Happening = { minute: 0, id: 4624, fields: { LogonType: "2" }, from: collector };
    let named = 0;
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 8, size: "max" }), (later) => {
        const events = [door, ...later.toSorted((a, b) => a.minute - b.minute)];
        const rates = new Map([
          ["dc1.corp.example", new TicketRate()],
          ["dc2.corp.example", new TicketRate()],
        ]);
        const thinned = whoIsThere(events, 90, "on", (computer) => rates.get(computer) ?? null).user;
        expect(thinned === "alice").toBe(whoIsThere(events, 90).user === "alice");
        if (thinned !== "alice") named += 1;
      }),
      { numRuns: fuzzRuns(20_000), seed: fuzzSeed() },
    );
    expect(named).toBeGreaterThan(0);
  });

  it("a task's ticket on Alice's computer, that no read follows, does not take her place", () => {
    const events: Happening[] = [
      { minute: 0, id: 4768 },
      { minute: 1, id: 4624 },
      { minute: 180, id: 4768, fields: { TargetUserName: "task", TargetSid: TASK_SID } },
    ];
    expect(whoIsThere(events, 181).user).toBe("alice");
  });

  it("a logoff at the computer ends whom a controller's tickets named there, and a late ticket brings nobody back", () => {
    const events: Happening[] = [
      { minute: 0, id: 4768 },
      { minute: 1, id: 4624 },
      { minute: 2, id: 4624, fields: { LogonType: "2" }, from: collector },
      { minute: 480, id: 4647, from: collector },
      { minute: 480.5, id: 4769 },
    ];
    expect(whoIsThere(events.slice(0, 3), 3).user).toBe("alice");
    expect(whoIsThere(events, 481).user).toBeNull();
  });

  it("a logoff ends also the other half of an administrator's logon, whose id it does not name", () => {
    const events: Happening[] = [
      { minute: 0, id: 4624, fields: { LogonType: "2", TargetLogonId: "0x380e4" }, from: collector },
      { minute: 0, id: 4624, fields: { LogonType: "2", TargetLogonId: "0x38112" }, from: collector },
      { minute: 5, id: 4647, fields: { TargetLogonId: "0x38112" }, from: collector },
    ];
    expect(whoIsThere(events, 6).user).toBeNull();
  });

  it("a session that closes ends its own logon and no other of the same person", () => {
    const events: Happening[] = [
      { minute: 0, id: 4624, fields: { LogonType: "2", TargetLogonId: "0x1" }, from: collector },
      { minute: 5, id: 4624, fields: { LogonType: "2", TargetLogonId: "0x2" }, from: collector },
      { minute: 5, id: 4634, fields: { LogonType: "2", TargetLogonId: "0x2" }, from: collector },
    ];
    expect(whoIsThere(events, 6).user).toBe("alice");
    expect(
      whoIsThere([...events, { minute: 7, id: 4634, fields: { TargetLogonId: "0x1" }, from: collector }], 8)
        .user,
    ).toBeNull();
  });

  it("an unlock, whose own logon closes at once, leaves its person there", () => {
    const events: Happening[] = [
      { minute: 0, id: 4624, fields: { LogonType: "7", TargetLogonId: "0x9" }, from: collector },
      { minute: 0, id: 4634, fields: { LogonType: "7", TargetLogonId: "0x9" }, from: collector },
    ];
    expect(whoIsThere(events, 1).user).toBe("alice");
  });

  it("a renewed ticket, a checked password and a read of SYSVOL open nothing by themselves", () => {
    for (const id of [4770, 4776]) expect(whoIsThere([{ minute: 0, id }], 1).user).toBeNull();
  });

  it("the computer is there beside its user, and stays when they log off", () => {
    const computer = { TargetUserName: "PC7$", TargetSid: "S-1-5-21-1-2-3-1200" };
    const events: Happening[] = [
      { minute: 0, id: 4768, fields: computer },
      { minute: 1, id: 4624, fields: { LogonType: "2" }, from: collector },
      { minute: 9, id: 4647, from: collector },
    ];
    expect(whoIsThere(events.slice(0, 2), 2)).toEqual({ user: "alice", device: "PC7" });
    expect(whoIsThere(events, 10)).toEqual({ user: null, device: "PC7" });
  });

  it("a ticket that anybody may ask for takes nobody's place", () => {
    const events: Happening[] = [
      { minute: 0, id: 4768 },
      { minute: 1, id: 4624 },
      { minute: 30, id: 4768, fields: { ...BOB, PreAuthType: "0" } },
    ];
    expect(whoIsThere(events, 31, "off").user).toBe("alice");
  });
});
