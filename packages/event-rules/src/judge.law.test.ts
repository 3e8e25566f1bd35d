import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventSourceKind } from "./event-rule.ts";
import { EVENT_RULES } from "./event-rules.ts";
import { sentenceOfReason } from "./ignored-reasons.ts";
import { judge } from "./judge.ts";
import { aContext, anEvent, fieldsOfReal, NINE } from "./testing/builders.ts";

const NOBODY_SIDS = [
  "S-1-0-0",
  "S-1-5-7",
  "S-1-5-17",
  "S-1-5-18",
  "S-1-5-19",
  "S-1-5-20",
  "S-1-5-90-0-3",
  "S-1-5-96-0-1",
];
const NOBODY_NAMES = [
  "",
  "-",
  "krbtgt",
  "KRBTGT",
  "HealthMailboxf49e2c8",
  "SM_0123456789ab",
  "MSOL_0123abcd",
  "AAD_0123abcd",
  "AZUREADSSOACC$",
  "DC1$",
  "dc1",
];
const NOBODY_LOWER = NOBODY_NAMES.map((name) => name.toLowerCase());
const NOBODYS_ADDRESSES = [
  "",
  "-",
  "127.0.0.1",
  "::1",
  "fe80::1%3",
  "0.0.0.0",
  "169.254.1.1",
  "255.255.255.255",
  "10.0.0.1",
];
const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom("alice", "bob", "PC7$", "alice@CORP.EXAMPLE", "CORP\\alice"),
);
const kinds: readonly EventSourceKind[] = ["domain-controller", "exchange", "event-collector", "wef"];

const fields = fc.record({
  TargetUserSid: fc.oneof(text, fc.constantFrom(...NOBODY_SIDS, "S-1-5-21-1-2-3-1104")),
  TargetSid: fc.oneof(text, fc.constantFrom(...NOBODY_SIDS, "S-1-5-21-1-2-3-1104")),
  TargetUserName: fc.oneof(
    text,
    fc.constantFrom(...NOBODY_NAMES, ...NOBODY_NAMES.map((name) => `${name}@CORP.EXAMPLE`)),
  ),
  TargetDomainName: text,
  AccountName: text,
  IpAddress: fc.oneof(
    text,
    fc.constantFrom(...NOBODYS_ADDRESSES, "10.0.0.7", "::ffff:10.0.0.8", "2001:db8::7"),
  ),
  LogonType: fc.oneof(text, fc.constantFrom("0", "2", "3", "4", "5", "7", "8", "9", "10", "11", "12", "13")),
  Status: fc.oneof({ weight: 4, arbitrary: fc.constant("0x0") }, { weight: 1, arbitrary: text }),
  TransmittedServices: fc.oneof({ weight: 4, arbitrary: fc.constant("-") }, { weight: 1, arbitrary: text }),
  PreAuthType: fc.constantFrom("0", "2", "15"),
  ServiceName: fc.oneof(text, fc.constantFrom("DC1$", "FS1$", "krbtgt")),
  TargetLogonId: fc.oneof(text, fc.constantFrom("0x0", "0x1a2b3c")),
  Workstation: fc.oneof(text, fc.constant("PC7")),
});
const event = fc
  .record({
    eventId: fc.oneof(
      fc.constantFrom(...EVENT_RULES.map((rule) => rule.eventId)),
      fc.integer({ min: 0, max: 65_535 }),
    ),
    computer: fc.constantFrom("dc1.corp.example", "pc7.corp.example", "PC7", ""),
    time: fc.integer({ min: NINE - 3_600_000, max: NINE + 3_600_000 }),
    kind: fc.constantFrom(...kinds),
    fields,
    /** Mostly real ones, with some of the fields replaced. */
    kept: fc.array(
      fc.constantFrom("TargetUserSid", "TargetSid", "TargetUserName", "IpAddress", "Status", "LogonType"),
      {
        maxLength: 6,
      },
    ),
  })
  .map(({ eventId, computer, time, kind, fields: random, kept }) => {
    const real = fieldsOfReal(eventId);
    const keep = Object.fromEntries(
      kept.flatMap((name) => (real[name] === undefined ? [] : [[name, real[name]]])),
    );
    return { kind, event: anEvent({ eventId, computer, time, data: { ...real, ...random, ...keep } }) };
  });
type Sent = typeof event extends fc.Arbitrary<infer T> ? T : never;

const rulesOn = EVENT_RULES.map(({ id }) => id);
const judged = ({ kind, event: one }: Sent) => judge(one, aContext({ kind, rulesOn }));

describe("for whatever stands in events", () => {
  it("never makes a user of a name that is nobody's, never places anybody at nobody's address, and never throws", () => {
    let made = 0;
    fc.assert(
      fc.property(event, (one) => {
        const judgement = judged(one);
        if (judgement.kind === "none") {
          // A reason that nobody can explain would be a number on a screen.
          expect([judgement.reason, sentenceOfReason(judgement.reason)]).toEqual([
            judgement.reason,
            expect.stringMatching(/\.$/),
          ]);
          return;
        }
        made += 1;
        expect(judgement.observations.length).toBeGreaterThan(0);
        for (const { principal, ip, kind, id, rule, effectiveAt, receivedAt } of judgement.observations) {
          expect(NOBODY_SIDS).not.toContain(principal?.sid);
          expect(NOBODY_LOWER).not.toContain(principal?.name?.toLowerCase());
          expect(kind === "user" && principal?.name?.endsWith("$")).toBe(false);
          expect(NOBODYS_ADDRESSES).not.toContain(ip);
          expect(id.length).toBeLessThanOrEqual(200);
          expect(rule).toBe(judgement.rule);
          expect(effectiveAt).toBeLessThanOrEqual(receivedAt + 5000);
        }
      }),
      {
        numRuns: fuzzRuns(200_000),
        seed: fuzzSeed(),
      },
    );
    // A test that never gets so far proves nothing.
    expect(made).toBeGreaterThan(fuzzRuns(200_000) / 50);
  });

  it("makes the same set of observations in whatever order the events come", () => {
    const setOf = (sent: readonly Sent[]) =>
      sent
        .flatMap((one) => {
          const judgement = judged(one);
          return judgement.kind === "none" ? [] : judgement.observations.map((made) => JSON.stringify(made));
        })
        .sort();
    const shuffled = fc
      .array(event, { maxLength: 30 })
      .chain((sent) => fc.tuple(fc.constant(sent), fc.shuffledSubarray(sent, { minLength: sent.length })));
    fc.assert(
      fc.property(shuffled, ([sent, otherOrder]) => {
        expect(setOf(otherOrder)).toEqual(setOf(sent));
      }),
      { numRuns: fuzzRuns(10_000), seed: fuzzSeed() },
    );
  });
});
