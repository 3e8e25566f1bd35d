import { SessionTable } from "@rollcall/identity-core";
import { type Figure, figureLine, median, say } from "./figure.ts";
import { bigFactsOf, bigLogonOf } from "./parts/big-sessions.ts";

const SMALL = 1_000;
const LARGE = 1_000_000;
const GROUPS = 20;
const OBSERVATIONS = 20_000;
const BATCH = 40;
/** Odd, so that a table whose addresses are visited once a round sees another guest each round. */
const VISITS = 1001;
const LIMIT = 2;
const MINUTE_MS = 60_000;

/** What one observation costs a large table, beside what it costs a small one. */
export const observationCost: Figure = {
  name: "observation-cost",
  what: `microseconds to take one observation (half of them a change of owner) and let time pass, with ${LARGE} sessions held; limit: ${LIMIT} x the same with ${SMALL}`,
  async measure({ rounds }) {
    const now = Date.now();
    const cost = { small: [] as number[], large: [] as number[] };
    const small = tableOf(SMALL, now);
    const large = tableOf(LARGE, now);
    // Twice without a look at the clock: until then it is the compiler that is measured.
    for (const round of [1, 2]) {
      microsecondsEach(small, SMALL, now, round);
      microsecondsEach(large, LARGE, now, round);
    }
    for (let round = 3; round < rounds + 3; round++) {
      cost.small.push(microsecondsEach(small, SMALL, now, round));
      cost.large.push(microsecondsEach(large, LARGE, now, round));
      say(
        `  round ${round - 2}: ${cost.small.at(-1)?.toFixed(1)} us with ${SMALL}, ${cost.large.at(-1)?.toFixed(1)} us with ${LARGE}`,
      );
    }
    return figureLine("observation-cost", "us", median(cost.large), LIMIT * median(cost.small));
  },
};

function tableOf(sessions: number, now: number): SessionTable {
  const table = new SessionTable({ issuer: "00000000000000aa", incarnation: "00000000000000bb" });
  for (let from = 0; from < sessions; from += 1000) {
    const numbers = Array.from({ length: Math.min(1000, sessions - from) }, (_, at) => from + at);
    table.applyFacts(
      numbers.map((at) => bigFactsOf(at, GROUPS, now)),
      now,
    );
    table.apply(
      numbers.map((at) => bigLogonOf(at, now)),
      now,
    );
  }
  return table;
}

function microsecondsEach(table: SessionTable, sessions: number, now: number, round: number): number {
  const at = now + round * MINUTE_MS;
  const stride = Math.max(1, Math.floor(sessions / OBSERVATIONS)) | 1;
  const batches = Array.from({ length: OBSERVATIONS / BATCH }, (_, batch) =>
    Array.from({ length: BATCH }, (_each, index) => {
      const nth = batch * BATCH + index;
      const number = (nth * stride) % sessions;
      const visit = round * VISITS + Math.floor((nth * stride) / sessions);
      // Each is later than the one before and has a record of its own, so that each has an effect.
      const logon = bigLogonOf(number, at + nth, visit);
      // At every other address two others take turns: a change of owner each time, and never more people to keep.
      return index % 2 === 0
        ? logon
        : { ...logon, principal: { name: `guest${visit % 2}.${number}`, domain: "corp.example" } };
    }),
  );
  const began = performance.now();
  for (const batch of batches) {
    table.apply(batch, at + OBSERVATIONS);
    table.advance(at + OBSERVATIONS);
  }
  return ((performance.now() - began) * 1000) / OBSERVATIONS;
}
