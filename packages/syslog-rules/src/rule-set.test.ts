import { describe, expect, it } from "vitest";
import { compileSequences, MAX_LINE_LENGTH, MAX_SEQUENCES } from "./rule-set.ts";
import { checkSamples } from "./samples.ts";
import { aPattern, aSequence, rulesOf } from "./testing/builders.ts";

const NO_SENDER = { senderIp: null };

describe("a rule set", () => {
  it("reads nothing from a line whose trigger is absent, whatever else it holds", () => {
    expect(rulesOf(aSequence()).match("user=alice ip=10.0.0.1", NO_SENDER)).toEqual({
      kind: "not-matched",
      text: "user=alice ip=10.0.0.1",
    });
  });

  it("gives user, address and where both stand in the line", () => {
    const result = rulesOf(aSequence()).match("login user=alice ip=::ffff:10.0.0.1", NO_SENDER);
    expect(result).toMatchObject({
      kind: "matched",
      verb: "begin",
      user: "alice",
      ip: "10.0.0.1",
      ipFrom: "line",
    });
    expect(result.kind === "matched" && result.captures).toEqual([
      { attribute: "user", value: "alice", start: 11, end: 16 },
      { attribute: "ip", value: "::ffff:10.0.0.1", start: 20, end: 35 },
    ]);
  });

  it("sees the same text whether the line comes from the wire or from a log file", () => {
    const rules = rulesOf(aSequence({ trigger: "^login" }));
    for (const line of [
      "login user=a ip=10.0.0.1",
      "<134>login user=a ip=10.0.0.1\n",
      "<9>login user=a ip=10.0.0.1\r\n\0",
    ]) {
      expect(rules.match(line, NO_SENDER)).toMatchObject({ kind: "matched", ip: "10.0.0.1" });
    }
  });

  it("tries sequences by their number, not by their place in the list", () => {
    const rules = rulesOf(
      aSequence({ id: "second", ordinal: 2 }),
      aSequence({ id: "first", ordinal: 1, trigger: "log" }),
    );
    expect(rules.match("login user=a ip=10.0.0.1", NO_SENDER)).toMatchObject({ sequenceId: "first" });
  });

  it("goes on to the next sequence when one is meant and incomplete, and keeps that refusal for the end", () => {
    const strict = aSequence({
      id: "strict",
      patterns: [aPattern("user", "account=(\\S+)"), aPattern("ip", "ip=(\\S+)")],
    });
    const loose = aSequence({ id: "loose", ordinal: 2 });
    expect(rulesOf(strict, loose).match("login user=a ip=10.0.0.1", NO_SENDER)).toMatchObject({
      sequenceId: "loose",
    });
    expect(rulesOf(strict).match("login user=a ip=10.0.0.1", NO_SENDER)).toMatchObject({
      kind: "refused",
      reason: "missing-value",
      attribute: "user",
      message: "nothing found for the user",
    });
  });

  it("takes the first of several patterns of one attribute that yields a value", () => {
    const rules = rulesOf(
      aSequence({
        patterns: [
          aPattern("user", "user=(\\S+)\\\\\\S+", { optional: true }),
          aPattern("user", "account=(\\S+)"),
          aPattern("ip", "ip=(\\S+)"),
        ],
      }),
    );
    expect(rules.match("login account=bob ip=10.0.0.1", NO_SENDER)).toMatchObject({ user: "bob" });
  });

  it("takes the sender's address only where that is asked for and the line has none", () => {
    const sequence = aSequence({ matchSourceIp: true, patterns: [aPattern("user", "user=(\\S+)")] });
    expect(rulesOf(sequence).match("login user=a", { senderIp: "10.9.9.9" })).toMatchObject({
      ip: "10.9.9.9",
      ipFrom: "sender",
    });
    expect(rulesOf(sequence).match("login user=a", NO_SENDER)).toMatchObject({
      kind: "refused",
      reason: "no-address",
    });
    const both = aSequence({ matchSourceIp: true });
    expect(rulesOf(both).match("login user=a ip=10.0.0.1", { senderIp: "10.9.9.9" })).toMatchObject({
      ip: "10.0.0.1",
    });
  });

  it("refuses what is not an address instead of guessing one", () => {
    for (const text of ["10.0.0", "010.0.0.1", "10.0.0.256", "host", "fe80::1::2"]) {
      expect(rulesOf(aSequence()).match(`login user=a ip=${text}`, NO_SENDER)).toMatchObject({
        kind: "refused",
        reason: "not-an-address",
      });
    }
  });

  it("refuses a forbidden character in what would become a name, and says which", () => {
    expect(rulesOf(aSequence()).match("login user=CORP\\a ip=10.0.0.1", NO_SENDER)).toMatchObject({
      kind: "refused",
      reason: "forbidden-character",
      message: expect.stringContaining("holds \\, which firewalls do not accept"),
    });
  });

  it("prefers a domain that the line names over the one split from the user", () => {
    const rules = rulesOf(
      aSequence({
        patterns: [
          aPattern("user", "user=(\\S+)", { normalise: "domain-user" }),
          aPattern("domain", "realm=(\\S+)", { optional: true }),
          aPattern("ip", "ip=(\\S+)"),
        ],
      }),
    );
    expect(rules.match("login user=CORP\\a ip=10.0.0.1", NO_SENDER)).toMatchObject({ domain: "CORP" });
    expect(rules.match("login user=CORP\\a ip=10.0.0.1 realm=corp.example", NO_SENDER)).toMatchObject({
      domain: "corp.example",
    });
  });

  it("makes a device without its dollar sign, and needs no user then", () => {
    const rules = rulesOf(
      aSequence({ patterns: [aPattern("device", "host=(\\S+)"), aPattern("ip", "ip=(\\S+)")] }),
    );
    expect(rules.match("login host=WS0001$ ip=10.0.0.1", NO_SENDER)).toMatchObject({
      user: null,
      device: "WS0001",
    });
  });

  it("lets an end go without user and address where it names its session", () => {
    const end = aSequence({
      kind: "end",
      trigger: "logout",
      patterns: [aPattern("correlator", "id=(\\S+)")],
    });
    expect(rulesOf(end).match("logout id=77", NO_SENDER)).toMatchObject({
      kind: "matched",
      verb: "end",
      user: null,
      ip: null,
      correlator: "77",
    });
  });

  it("splits captured groups at commas and refuses one that a firewall cannot hold", () => {
    const rules = rulesOf(
      aSequence({
        patterns: [
          aPattern("user", "user=(\\S+)"),
          aPattern("ip", "ip=(\\S+)"),
          aPattern("groups", "groups=(\\S+)", { optional: true }),
        ],
      }),
    );
    expect(rules.match("login user=a ip=10.0.0.1 groups=Staff,VPN", NO_SENDER)).toMatchObject({
      groups: ["Staff", "VPN"],
    });
    expect(rules.match("login user=a ip=10.0.0.1 groups=Sta;ff", NO_SENDER)).toMatchObject({
      reason: "forbidden-character",
      attribute: "groups",
    });
  });

  it("refuses a line that is too long without looking at it", () => {
    const line = `login user=a ip=10.0.0.1 ${"x".repeat(MAX_LINE_LENGTH)}`;
    expect(rulesOf(aSequence()).match(line, NO_SENDER)).toMatchObject({
      kind: "refused",
      reason: "line-too-long",
    });
  });

  it("stops at a line that costs more than its budget of time", () => {
    let clock = 0;
    const outcome = compileSequences([aSequence()], { clock: () => (clock += 30), lineBudgetMs: 50 });
    if (outcome.kind === "refused") throw new Error("must compile");
    expect(outcome.rules.match("login user=a ip=10.0.0.1", NO_SENDER)).toMatchObject({
      reason: "time-budget",
    });
  });

  it("gives the same result for the same line, however often", () => {
    const rules = rulesOf(aSequence());
    const line = "login user=alice ip=10.0.0.1";
    const first = rules.match(line, NO_SENDER);
    for (let round = 0; round < 3; round += 1) expect(rules.match(line, NO_SENDER)).toEqual(first);
  });
});

describe("compileSequences", () => {
  it("says every fault at once, each with its box", () => {
    const outcome = compileSequences([
      aSequence({
        trigger: "(?<=x)login",
        patterns: [aPattern("user", "user=(\\S+)"), aPattern("ip", "ip=(\\S+")],
      }),
      aSequence({ kind: "end", patterns: [aPattern("user", "u")] }),
    ]);
    expect(
      outcome.kind === "refused" &&
        outcome.problems.map(({ field, index, position }) => [field, index, position]),
    ).toEqual([
      ["trigger", null, 0],
      ["pattern", 1, 3],
      ["sequence", null, 0],
      ["sequence", null, 0],
      ["sequence", null, 0],
    ]);
    expect(outcome.kind === "refused" && outcome.problems.map(({ message }) => message).slice(2)).toEqual([
      'the id "login" is used twice',
      "the number 1 is used twice",
      'an "end" needs a pattern for the ip or the correlator, or "match source IP"',
    ]);
  });

  it("asks of a begin that it can name somebody somewhere", () => {
    const noWhere = compileSequences([aSequence({ patterns: [aPattern("user", "u")] })]);
    const nobody = compileSequences([aSequence({ patterns: [aPattern("ip", "i")] })]);
    expect(
      [noWhere, nobody].map((outcome) => outcome.kind === "refused" && outcome.problems[0]?.message),
    ).toEqual([
      'a "begin" needs a pattern for the ip, or "match source IP"',
      'a "begin" needs a pattern for the user or the device',
    ]);
  });

  it("splits only what can be split", () => {
    const outcome = compileSequences([
      aSequence({ patterns: [aPattern("user", "u"), aPattern("ip", "i", { normalise: "upn" })] }),
    ]);
    expect(outcome).toMatchObject({ kind: "refused", problems: [{ field: "pattern", index: 1 }] });
  });

  it("bounds the number of sequences and the size of all expressions together", () => {
    const many = Array.from({ length: MAX_SEQUENCES + 1 }, (_, index) =>
      aSequence({ id: `s${index}`, ordinal: index + 1 }),
    );
    expect(compileSequences(many)).toMatchObject({ kind: "refused" });
    const large = Array.from({ length: 100 }, (_, index) =>
      aSequence({ id: `s${index}`, ordinal: index + 1, trigger: "a{300}" }),
    );
    const outcome = compileSequences(large);
    expect(outcome.kind === "refused" && outcome.problems.at(-1)?.message).toMatch(/together are too large/);
  });
});

describe("checkSamples", () => {
  it("names the sample that breaks its promise, and why", () => {
    const rules = rulesOf(
      aSequence({
        positiveSamples: ["login user=a ip=10.0.0.1", "login user=a", "nothing"],
        negativeSamples: ["logout", "login user=b ip=10.0.0.2"],
      }),
    );
    expect(checkSamples(rules).map(({ field, index, message }) => [field, index, message])).toEqual([
      ["positive-sample", 1, "must match and does not: nothing found for the ip (login user=a)"],
      ["positive-sample", 2, "must match and does not: no trigger is found in it (nothing)"],
      ["negative-sample", 1, "must not match and does: b at 10.0.0.2"],
    ]);
  });

  it("notices that an earlier sequence takes the line away", () => {
    const rules = rulesOf(
      aSequence({ id: "greedy", trigger: "log" }),
      aSequence({ id: "meant", ordinal: 2, positiveSamples: ["login user=a ip=10.0.0.1"] }),
    );
    expect(checkSamples(rules)[0]?.message).toMatch(/sequence 1 takes it first/);
  });
});
