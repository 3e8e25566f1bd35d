import { ALARM_MS } from "@rollcall/health";
import { describe, expect, it } from "vitest";
import { choosePoster } from "./choose-poster.ts";

const now = Date.UTC(2026, 10, 25);
const heard = (id: string, enrolledAt: number, agoMs: number | null = 1000) => ({
  id,
  enrolledAt,
  lastSeenAt: agoMs === null ? null : now - agoMs,
});
const choose = (chosen: string | null, able: readonly ReturnType<typeof heard>[], mayBeGone = true) =>
  choosePoster(chosen, able, { now, mayBeGone });

describe("who posts to a firewall", () => {
  it("is the agent enrolled first of those that are heard of", () => {
    expect(choose(null, [heard("b", 2), heard("a", 3), heard("silent", 1, null)])).toBe("b");
    expect(choose(null, [heard("b", 2), heard("a", 2)])).toBe("a");
    expect(choose(null, [heard("a", 1, ALARM_MS)])).toBeNull();
    expect(choose(null, [])).toBeNull();
  });

  it("stays who it was until nothing was heard of it for two minutes, whoever was enrolled before", () => {
    const [old, young] = [heard("old", 1), heard("young", 2)];
    expect(choose("young", [old, young])).toBe("young");
    expect(choose("young", [old, heard("young", 2, ALARM_MS - 1)])).toBe("young");
    expect(choose("young", [old, heard("young", 2, ALARM_MS)])).toBe("old");
  });

  it("changes at once when who it was may no longer: revoked, at another site, without the password", () => {
    expect(choose("gone", [heard("a", 1)], false)).toBe("a");
    expect(choose("gone", [])).toBeNull();
  });

  it("stays who it was while nobody is heard of, and while it was we who were away", () => {
    expect(choose("a", [heard("a", 1, ALARM_MS), heard("b", 2, ALARM_MS)])).toBe("a");
    expect(choose("a", [heard("a", 1, ALARM_MS), heard("b", 2)], false)).toBe("a");
  });
});
