import { describe, expect, it } from "vitest";
import {
  CLEAR,
  HELD_MS,
  type LoginOutcomeNote,
  type LoginTally,
  standingOf,
  tallyAfter,
  tallyAt,
} from "./login-tally.ts";

const REFUSED: LoginOutcomeNote = { kind: "refused", reason: "the password is wrong" };
const UNANSWERED: LoginOutcomeNote = { kind: "unanswered", reason: "the connection broke" };

/** An attempt as the record counts it: noted as a doubt before it is made, and taken back when it is known what came of it. */
function attempt(tally: LoginTally, note: LoginOutcomeNote, now: number): LoginTally {
  const free = tallyAt(tally, now);
  expect(standingOf(free).kind).toBe("free");
  return tallyAfter(free, note, now);
}

describe("how often a password is shown", () => {
  it("is counted from the last time it was, whatever came of it: a refusal after a doubt holds it back as long", () => {
    const doubted = attempt(CLEAR, UNANSWERED, 0);
    const refusedAt = HELD_MS - 60_000;
    const tally = attempt(doubted, REFUSED, refusedAt);
    expect(standingOf(tallyAt(tally, HELD_MS)).kind).toBe("held");
    expect(standingOf(tallyAt(tally, refusedAt + HELD_MS)).kind).toBe("free");
  });

  it("is once more after a wait, and not once more again where that is refused", () => {
    const held = attempt(attempt(CLEAR, UNANSWERED, 0), UNANSWERED, 1000);
    expect(standingOf(tallyAt(held, 2000)).kind).toBe("held");
    const again = 1000 + HELD_MS;
    const refused = attempt(held, REFUSED, again);
    expect(standingOf(tallyAt(refused, again + 1000))).toMatchObject({
      kind: "held",
      until: again + HELD_MS,
    });
  });
});
