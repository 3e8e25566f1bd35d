import { parseIp } from "@rollcall/identity-core";
import { describe, expect, it } from "vitest";
import type { SyslogSourceConfig } from "./source-config.ts";
import { healthOf } from "./source-health.ts";
import { SyslogSource } from "./syslog-source.ts";
import { aSource, TestClock } from "./testing/builders.ts";

function open(overrides: Partial<SyslogSourceConfig> = {}) {
  const clock = new TestClock();
  const source = new SyslogSource(aSource(overrides), clock.now(), () => 0);
  const sender = parseIp("127.0.0.1");
  if (sender === null) throw new Error("loopback must parse");
  const hear = (text: string) => {
    const line = { bytes: Buffer.from(text), text, sender, receivedAt: clock.now() };
    return source.read(line, source.match(text, sender));
  };
  return { clock, source, hear, health: () => healthOf(source, clock.now()) };
}

const MATCHING = "login user=alice ip=10.1.2.3";

describe("the health of a syslog source", () => {
  it("is never while nothing was heard, and names who is waited for", () => {
    expect(open().health()).toMatchObject({
      state: "never",
      sentence: "No line yet from 127.0.0.1",
      lastActivityAt: null,
    });
  });

  it("is ok when lines match", () => {
    const { hear, health } = open();
    hear(MATCHING);
    hear("something else");
    expect(health()).toMatchObject({ state: "ok", sentence: "1 of 2 lines matched" });
  });

  it("tells a dead source from a quiet one by its own rhythm", () => {
    const { clock, hear, health } = open();
    for (let line = 0; line < 20; line += 1) {
      hear(MATCHING);
      clock.advance(20_000);
    }
    expect(health().state).toBe("ok");
    clock.advance(20 * 60_000);
    const silent = health();
    expect(silent).toMatchObject({
      state: "degraded",
      sentence: "Silent for 20 min; usually a line every 20 s",
    });
    expect(silent.since).toBe(silent.lastActivityAt);
  });

  it("lets a source that speaks once an hour be silent for an hour", () => {
    const { clock, hear, health } = open();
    for (let line = 0; line < 5; line += 1) {
      hear(MATCHING);
      clock.advance(3_600_000);
    }
    expect(health().state).toBe("ok");
  });

  it.each([
    ["no sequence", { sequences: [] }, "x", /no sequence is set up/],
    ["no match", {}, "x", /none is matched/],
    ["nothing to speak for", { speaksFor: [] }, MATCHING, /which addresses it speaks for/],
  ] satisfies readonly [string, Partial<SyslogSourceConfig>, string, RegExp][])(
    "says what is missing: %s",
    (_name, overrides, line, sentence) => {
      const { hear, health } = open(overrides);
      hear(line);
      expect(health()).toMatchObject({ state: "degraded", sentence: expect.stringMatching(sentence) });
    },
  );

  it("is broken when its rules cannot be used", () => {
    const [sequence] = aSource().sequences;
    if (sequence === undefined) throw new Error("the builder has a sequence");
    const { health } = open({ sequences: [{ ...sequence, trigger: "(" }] });
    expect(health()).toMatchObject({ state: "broken", sentence: expect.stringMatching(/never closed/) });
  });
});
