import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Corroboration, LOGON_TICKET_RULE } from "./corroboration.ts";
import type { Observation } from "./observation.ts";
import { SessionTable } from "./session-table.ts";
import { aLogon, anEnd, at, DAY, ip, minutes } from "./testing/builders.ts";

const SEAT = ip("10.0.0.1");

/** Who is at the address, at the time asked, when these observations came in this order. */
function askAt({ observations, corroboration }: Sequence, clock: string): string {
  const table = newTable(corroboration);
  table.apply(seenBy(observations, clock), at(clock));
  table.advance(at(clock));
  return table.entryOf("space", SEAT)?.user?.name ?? "unknown";
}

function newTable(corroboration: Corroboration = "off"): SessionTable {
  return new SessionTable({ issuer: "0", incarnation: "0", corroboration });
}

/** A Kerberos ticket for a logon, and a read of a domain controller. */
const aTicket = (user: string, clock: string) =>
  aLogon({ user, at: clock, class: "B", family: "event-log", rule: LOGON_TICKET_RULE });
const aRead = (user: string, clock: string) =>
  aLogon({ user, at: clock, class: "C", family: "event-log", rule: "event:4624-3" });

function seenBy(observations: readonly Observation[], clock: string): Observation[] {
  return observations.filter((observation) => observation.effectiveAt <= at(clock));
}

interface Sequence {
  readonly name: string;
  readonly corroboration?: Corroboration;
  readonly observations: readonly Observation[];
  readonly answers: Readonly<Record<string, string>>;
}

const sequences: readonly Sequence[] = [
  {
    name: "ends Alice of CORP by an end that names her without a domain",
    observations: [aLogon({ at: "09:00" }), anEnd({ user: "Alice", domain: "", at: "09:30" })],
    answers: { "09:29": "alice", "09:31": "unknown" },
  },
  {
    name: "keeps Bob when an end without a domain names Alice",
    observations: [aLogon({ user: "bob", at: "09:00" }), anEnd({ user: "alice", domain: "", at: "09:30" })],
    answers: { "09:31": "bob" },
  },
  {
    name: "does not go back to Alice when Bob, who came after her, ends",
    observations: [
      aLogon({ at: "09:10", class: "B" }),
      aLogon({ user: "bob", at: "09:20" }),
      anEnd({ user: "bob", at: "10:00" }),
    ],
    answers: { "09:15": "alice", "09:59": "bob", "10:00": "unknown", "11:00": "unknown" },
  },
  {
    name: "does not revive a VPN user whose stop was lost when the next one stops",
    observations: [
      aLogon({ at: "09:00", correlator: "1" }),
      aLogon({ user: "bob", at: "09:30", correlator: "2" }),
      anEnd({ user: "bob", at: "09:35", correlator: "2" }),
    ],
    answers: { "09:35": "unknown", "10:30": "unknown" },
  },
  {
    name: "is contested for ten minutes when a ticket follows another's logon at once, then follows the ticket",
    observations: [aLogon({ at: "10:00" }), aLogon({ user: "bob", at: "10:02", class: "B" })],
    answers: { "10:01": "alice", "10:02": "unknown", "10:09": "unknown", "10:10": "bob" },
  },
  {
    name: "keeps Alice when the late stop of her first VPN session comes after her second began",
    observations: [
      aLogon({ at: "09:00", correlator: "1" }),
      aLogon({ at: "09:10", correlator: "2" }),
      anEnd({ at: "09:12", correlator: "1" }),
    ],
    answers: { "09:13": "alice", "12:00": "alice" },
  },
  {
    name: "does not reopen for a ticket that outlives the logoff",
    observations: [
      aLogon({ at: "08:00", family: "event-log" }),
      anEnd({ at: "17:00:00", family: "event-log" }),
      aLogon({ at: "17:00:40", class: "C", family: "event-log" }),
    ],
    answers: { "17:00:41": "unknown", "17:30": "unknown" },
  },
  {
    name: "keeps Alice when Bob's background ticket is used after she sat down",
    observations: [
      aLogon({ user: "bob", at: "10:00" }),
      aLogon({ at: "10:05" }),
      aLogon({ user: "bob", at: "10:20", class: "C" }),
    ],
    answers: { "10:04": "bob", "10:30": "alice" },
  },
  {
    name: "keeps Alice until her expiry when a drive is mapped under another account",
    observations: [aLogon({ at: "08:00" }), aLogon({ user: "adm", at: "09:01", class: "C" })],
    answers: { "09:30": "alice", "15:59": "alice", "16:00": "unknown" },
  },
  {
    name: "keeps a VPN user when a service's ticket is used from the address",
    observations: [
      aLogon({ at: "08:00", correlator: "1", lifetimeMinutes: 1440 }),
      aLogon({ user: "svc", at: "09:30", class: "C" }),
    ],
    answers: { "10:00": "alice", "20:00": "alice" },
  },
  {
    name: "keeps Alice when a task account's uncorroborated ticket (class C) is seen on her PC",
    observations: [aLogon({ at: "08:00", class: "B" }), aLogon({ user: "task", at: "12:00", class: "C" })],
    answers: { "12:01": "alice" },
  },
  {
    name: "does not flap when Bob opens RDP as his second account from his own PC",
    observations: [
      aLogon({ user: "bob", at: "08:00" }),
      aLogon({ user: "adm-bob", at: "09:00", class: "C" }),
      aLogon({ user: "bob", at: "09:05", class: "C" }),
      aLogon({ user: "adm-bob", at: "09:10", class: "C" }),
    ],
    answers: { "09:01": "bob", "09:06": "bob", "09:11": "bob" },
  },
  {
    name: "knows nobody at once when DHCP gives the address to another MAC",
    observations: [
      aLogon({ at: "08:00" }),
      anEnd({ user: null, at: "09:00", family: "dhcp", anyFamily: true }),
    ],
    answers: { "09:00": "unknown" },
  },
  {
    name: "keeps Alice, who used her ticket in the afternoon, against a stranger's single use",
    observations: [
      aLogon({ at: "08:00", class: "B" }),
      aLogon({ at: "16:30", class: "C" }),
      aLogon({ user: "stranger", at: "16:31", class: "C" }),
    ],
    answers: { "16:32": "alice", "18:00": "alice" },
  },
  {
    name: "knows nobody after nine VPN users came and went and the first start is repeated",
    observations: [
      ...Array.from({ length: 9 }, (_, n) => [
        aLogon({
          user: `user${n}`,
          at: `09:${String(n * 5).padStart(2, "0")}`,
          correlator: `c${n}`,
          id: `start${n}`,
        }),
        anEnd({
          user: `user${n}`,
          at: `09:${String(n * 5 + 3).padStart(2, "0")}`,
          correlator: `c${n}`,
          id: `stop${n}`,
        }),
      ]).flat(),
      aLogon({ user: "user0", at: "09:00", correlator: "c0", id: "start0" }),
    ],
    answers: { "09:50": "unknown" },
  },
  {
    name: "counts a probe at the time the question was sent, not when the answer came",
    observations: [
      anEnd({ user: null, at: "10:00:00", family: "probe", anyFamily: true }),
      aLogon({ user: "bob", at: "10:00:05", class: "B" }),
    ],
    answers: { "10:00:08": "bob" },
  },
  {
    name: "corroboration on: a task account's ticket on Alice's PC leaves Alice there",
    corroboration: "on",
    observations: [aTicket("alice", "08:00"), aRead("alice", "08:00:20"), aTicket("task", "12:00")],
    answers: { "08:01": "alice", "12:01": "alice", "12:30": "alice" },
  },
  {
    name: "corroboration off: the same ticket takes the address, for a ticket is a logon then",
    corroboration: "off",
    observations: [aTicket("alice", "08:00"), aRead("alice", "08:00:20"), aTicket("task", "12:00")],
    answers: { "11:59": "alice", "12:01": "task" },
  },
  {
    name: "corroboration detect: decides as off does",
    corroboration: "detect",
    observations: [aTicket("alice", "08:00"), aRead("alice", "08:00:20"), aTicket("task", "12:00")],
    answers: { "11:59": "alice", "12:01": "task" },
  },
  {
    name: "corroboration on: Bob opens RDP as adm-bob from his PC and stays Bob, without flapping",
    corroboration: "on",
    observations: [
      aTicket("bob", "08:00"),
      aRead("bob", "08:00:30"),
      aTicket("adm-bob", "09:00"),
      aLogon({ user: "bob", at: "09:05", class: "C", family: "event-log" }),
      aTicket("adm-bob", "09:10"),
      aTicket("adm-bob", "09:40"),
    ],
    answers: { "09:01": "bob", "09:06": "bob", "09:11": "bob", "09:41": "bob" },
  },
  {
    name: "corroboration on: a logon with its policy read takes the address, also when a bare ticket follows it",
    corroboration: "on",
    observations: [
      aTicket("alice", "08:00"),
      aRead("alice", "08:00:10"),
      aTicket("bob", "09:00"),
      aRead("bob", "09:01:59"),
      aTicket("bob", "11:00"),
      aTicket("task", "11:30"),
    ],
    answers: { "08:30": "alice", "09:02": "bob", "11:01": "bob", "11:31": "bob" },
  },
  {
    name: "corroboration on: a read more than two minutes after the ticket supports nothing",
    corroboration: "on",
    observations: [
      aTicket("alice", "08:00"),
      aRead("alice", "08:00:10"),
      aTicket("bob", "09:00"),
      aRead("bob", "09:02:01"),
    ],
    answers: { "09:03": "alice" },
  },
  {
    name: "corroboration on: somebody else's read, or one of another service, supports nobody's ticket",
    corroboration: "on",
    observations: [
      aTicket("alice", "08:00"),
      aRead("alice", "08:00:10"),
      aTicket("task", "12:00"),
      aRead("alice", "12:00:10"),
      aLogon({ user: "task", at: "12:00:20", class: "C", family: "event-log", rule: "event:4769" }),
    ],
    answers: { "12:01": "alice" },
  },
  {
    name: "corroboration on: of two tickets in one slot, the read of the first is not lost to the second",
    corroboration: "on",
    observations: [
      aTicket("alice", "08:00"),
      aRead("alice", "08:00:10"),
      aTicket("bob", "09:00:01"),
      aRead("bob", "09:00:05"),
      aTicket("bob", "09:01:50"),
    ],
    answers: { "09:01": "bob", "09:03": "bob" },
  },
];

describe("the law of who owns an address", () => {
  for (const sequence of sequences)
    it(sequence.name, () => {
      for (const [clock, who] of Object.entries(sequence.answers))
        expect(`${clock} ${askAt(sequence, clock)}`).toBe(`${clock} ${who}`);
    });

  for (const controllers of [1, 3, 8])
    it(`keeps Alice through a day of her tickets, reads and uses at ${controllers} controllers when a stranger's use follows`, () => {
      const sorts = [
        ["B", LOGON_TICKET_RULE, 10],
        ["C", "event:4624-3", 2],
        ["C", "event:4769", 15],
      ] as const;
      for (const [strong, rule, every] of sorts) {
        const table = new SessionTable({ issuer: "0", incarnation: "0", corroboration: "on" });
        const day = [aLogon({ at: "08:00", class: "A" })];
        for (let minute = 8 * 60 + 1; minute < 17 * 60; minute += every)
          for (let one = 0; one < controllers; one++)
            day.push(
              aLogon({
                at: DAY + minutes(minute) + one * 1000,
                class: strong,
                rule,
                family: "event-log",
                source: `dc${one}`,
              }),
            );
        for (const observation of day) table.apply([observation], observation.effectiveAt);
        const stranger = aLogon({
          user: "mallory",
          at: "17:01",
          class: "C",
          family: "event-log",
          rule: "event:4769",
        });
        table.apply([stranger], at("17:01"));
        expect([rule, table.entryOf("space", ip("10.0.0.1"))?.user?.name]).toEqual([rule, "alice"]);
      }
    });

  it("gives the same answers to these sequences shuffled, doubled and cut into any batches", () => {
    const one = fc.constantFrom(...sequences);
    fc.assert(
      fc.property(
        one,
        fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
        fc.nat(3),
        ({ observations, answers, corroboration }, order, doubled) => {
          const shuffled = [...observations, ...observations.slice(0, doubled)]
            .map((observation, index) => ({ observation, key: order[index % order.length] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ observation }) => observation);
          for (const [clock, who] of Object.entries(answers)) {
            const table = newTable(corroboration);
            for (const observation of seenBy(shuffled, clock)) table.apply([observation], at(clock));
            table.advance(at(clock));
            expect(table.entryOf("space", SEAT)?.user?.name ?? "unknown").toBe(who);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("follows whoever wrote last when the customer asks for that arbitration", () => {
    const table = new SessionTable({ issuer: "0", incarnation: "0", arbitration: "last-writer" });
    table.apply([aLogon({ at: "08:00" }), aLogon({ user: "adm", at: "09:01", class: "C" })], at("09:02"));
    expect(table.entryOf("space", SEAT)?.user?.name).toBe("adm");
  });
});
