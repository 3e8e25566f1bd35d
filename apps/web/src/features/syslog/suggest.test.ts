import { compileSequences } from "@rollcall/syslog-rules";
import { describe, expect, it } from "vitest";
import { type EditedSequence, editSequences } from "./sequence-model.ts";
import { sequenceFrom, suggestPattern, suggestTrigger, withoutValue } from "./suggest.ts";

const LINE =
  "<134>Nov 21 20:02:05 vpn1 tunneld[812]: session opened for user CORP\\alice, address 10.20.31.77 (slot 4)";

function marked(line: string, value: string, attribute: "user" | "ip") {
  const start = line.indexOf(value);
  return suggestPattern(line, start, start + value.length, attribute);
}

describe("a rule made by marking a line", () => {
  it("reads the line it was made from, and another of its kind", () => {
    const sequence: EditedSequence = {
      ...sequenceFrom(LINE, "s1"),
      ordinal: 1,
      patterns: [marked(LINE, "CORP\\alice", "user"), marked(LINE, "10.20.31.77", "ip")],
    };
    const outcome = compileSequences([sequence]);
    if (outcome.kind === "refused") throw new Error(outcome.problems.map((each) => each.message).join("; "));
    const first = outcome.rules.match(LINE, { senderIp: null });
    expect(first).toMatchObject({ kind: "matched", user: "alice", domain: "CORP", ip: "10.20.31.77" });
    const second = outcome.rules.match(
      LINE.replace("alice", "bob").replace("10.20.31.77", "10.9.0.3").replace("20:02:05", "07:41:59"),
      { senderIp: null },
    );
    expect(second).toMatchObject({ kind: "matched", user: "bob", ip: "10.9.0.3" });
  });

  it("splits a UPN and leaves a bare name alone", () => {
    expect(suggestPattern("user=alice@corp.example ip=1", 5, 23, "user").normalise).toBe("upn");
    expect(suggestPattern("user=alice ip=1", 5, 10, "user").normalise).toBe("none");
  });

  it("takes no value of this one line into the trigger", () => {
    const trigger = suggestTrigger(LINE);
    expect(trigger).not.toMatch(/alice|10\.20|812/);
    expect(LINE).toMatch(new RegExp(trigger));
  });

  it("frees the trigger of a value that is marked", () => {
    const trigger = suggestTrigger("sshd[1]: Accepted password for bob from 10.1.1.1 port 2 ssh2");
    const freed = withoutValue(trigger, "bob");
    expect("sshd[9]: Accepted password for alice from 10.1.1.2").toMatch(new RegExp(freed));
    expect(withoutValue("user bobby logged on", "bob")).toBe("user bobby logged on");
    expect(withoutValue("a\\.b is here", "a.b")).toBe("\\S+ is here");
  });

  it("treats the line's own special characters as text", () => {
    const line = "login (ok) [user: j.doe] from 10.0.0.1";
    const { pattern } = marked(line, "j.doe", "user");
    expect(new RegExp(pattern).exec(line)?.[1]).toBe("j.doe");
  });
});

describe("editing sequences", () => {
  const two = editSequences(editSequences([], { kind: "add", sequence: sequenceFrom("a first line", "a") }), {
    kind: "add",
    sequence: sequenceFrom("a second line", "b"),
  });

  it("numbers them in their order, whatever is moved or removed", () => {
    expect(
      editSequences(two, { kind: "move", id: "b", by: -1 }).map((each) => [each.id, each.ordinal]),
    ).toEqual([
      ["b", 1],
      ["a", 2],
    ]);
    expect(editSequences(two, { kind: "remove", id: "a" }).map((each) => [each.id, each.ordinal])).toEqual([
      ["b", 1],
    ]);
  });

  it("does not move the first one up or the last one down", () => {
    expect(editSequences(two, { kind: "move", id: "a", by: -1 }).map((each) => each.id)).toEqual(["a", "b"]);
    expect(editSequences(two, { kind: "move", id: "b", by: 1 }).map((each) => each.id)).toEqual(["a", "b"]);
  });

  it("keeps one copy of a sample", () => {
    const twice = editSequences(two, {
      kind: "add-sample",
      id: "a",
      sample: "positive",
      line: "a first line",
    });
    expect(twice[0]?.positiveSamples).toEqual(["a first line"]);
  });
});
