import { describe, expect, test } from "vitest";
import {
  beginLearning,
  type LearnState,
  learnedProfile,
  learnSentence,
  learnStep,
  triedProfiles,
} from "./learn.ts";

const MINUTE = 60_000;
const START = 1_760_000_000_000;
const fresh = (): LearnState => beginLearning("json", ["json", "xml", "insight"], START);

/** A firewall that polls every five seconds and says of each question what the test wants. */
function poll(
  state: LearnState,
  at: number,
  asked: { cookie?: "parameter" | "header" | "none"; begin?: number | null } = {},
  newest: number | null = at - 2000,
): LearnState {
  const heard = learnStep(state, {
    kind: "batch",
    at,
    cookie: asked.cookie ?? "none",
    begin: asked.begin ?? null,
  });
  return learnStep(heard, { kind: "answered", newest });
}

describe("learning", () => {
  test("tries the next profile when two polls after an answer the firewall still names a time and no cookie", () => {
    let state = poll(fresh(), START);
    state = poll(state, START + 5000);
    expect(learnedProfile(state)).toBe("json");
    state = poll(state, START + 10_000);
    expect(learnedProfile(state)).toBe("xml");
    expect(state.phase).toBe("trying");
    expect(triedProfiles(state)).toEqual(["json", "xml"]);
  });

  test("switches at most once a minute, whatever the pace of the polls", () => {
    let state = fresh();
    const switches: number[] = [];
    for (let at = START; at < START + 10 * MINUTE; at += 1000) {
      const before = learnedProfile(state);
      state = poll(state, at);
      if (learnedProfile(state) !== before) switches.push(at);
    }
    expect(switches).toHaveLength(3);
    for (const [index, at] of switches.entries())
      if (index > 0) expect(at - (switches[index - 1] ?? 0)).toBeGreaterThanOrEqual(MINUTE);
  });

  test("locks on the first that the firewall understands, and says which to choose", () => {
    let state = fresh();
    for (let at = START; learnedProfile(state) !== "xml"; at += 5000) state = poll(state, at);
    state = poll(state, START + 2 * MINUTE, { cookie: "parameter" });
    expect(state.phase).toBe("understood");
    expect(learnSentence(state)).toContain("choose it");
    // A restart of the firewall begins with a timestamp again: that is no reason to switch.
    for (let at = START + 3 * MINUTE; at < START + 6 * MINUTE; at += 5000) state = poll(state, at);
    expect(learnedProfile(state)).toBe("xml");
  });

  test("stays with the first and gives up once all were tried", () => {
    let state = fresh();
    for (let at = START; at < START + 20 * MINUTE; at += 5000) state = poll(state, at);
    expect(state.phase).toBe("exhausted");
    expect(learnedProfile(state)).toBe("json");
    expect(triedProfiles(state)).toEqual(["json", "xml", "insight"]);
    const late = poll(state, START + 30 * MINUTE, { cookie: "parameter" });
    expect(late.phase).toBe("understood");
  });

  test("takes a time that moves to what it told for understanding, and one that moves by itself for none", () => {
    const told = START - 30_000;
    let state = poll(fresh(), START, { begin: 1000 }, told);
    state = poll(state, START + 5000, { begin: told }, null);
    expect(state.phase).toBe("understood");

    let other = poll(fresh(), START, { begin: START }, told);
    for (let at = START + 5000; at <= START + 10_000; at += 5000)
      other = poll(other, at, { begin: at }, null);
    expect(learnedProfile(other)).toBe("xml");
  });

  test("learns nothing from a cookie that an HTTP client sends along beside the same old time", () => {
    let state = fresh();
    for (let at = START; at < START + 5 * MINUTE; at += 5000)
      state = poll(state, at, { cookie: "header", begin: START - 60_000 }, null);
    expect(state.phase).toBe("trying");
    expect(learnedProfile(state)).toBe("json");
    expect(poll(state, START + 6 * MINUTE, { cookie: "header" }).phase).toBe("understood");
  });

  test("does not take the cookie of the last profile for an understanding of the next", () => {
    let state = fresh();
    for (let at = START; learnedProfile(state) !== "xml"; at += 5000)
      state = learnStep(poll(state, at), { kind: "batch", at: at + 1000, cookie: "none", begin: null });
    const asked = learnStep(
      { ...state, answers: 0 },
      { kind: "batch", at: START + MINUTE, cookie: "parameter", begin: null },
    );
    expect(asked.phase).toBe("trying");
  });

  test("goes on when a firewall that gives the cookie back keeps asking for addresses it was told", () => {
    let state = poll(fresh(), START);
    state = poll(state, START + 5000, { cookie: "parameter" });
    expect(state.phase).toBe("understood");
    for (let count = 0; count < 5; count++)
      state = learnStep(state, { kind: "ip", at: START + MINUTE + count * 1000, wasTold: true });
    expect(state.phase).toBe("trying");
    expect(learnedProfile(state)).toBe("xml");
  });

  test("is not misled by a few such questions, nor by questions for what was never told", () => {
    let state = poll(fresh(), START);
    for (let count = 0; count < 100; count++) {
      state = learnStep(state, { kind: "ip", at: START + count * 3 * MINUTE, wasTold: true });
      expect([state.phase, learnedProfile(state)]).toEqual(["trying", "json"]);
    }
    for (let count = 0; count < 100; count++)
      state = learnStep(state, { kind: "ip", at: START + count, wasTold: false });
    expect([state.phase, learnedProfile(state)]).toEqual(["trying", "json"]);
  });
});
