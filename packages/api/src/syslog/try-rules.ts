import type { MatchResult } from "@rollcall/syslog-rules";
import type { z } from "zod";
import { checkRules, placeOf } from "./rule-check.ts";
import type { lineResult, triedRules, tryRulesInput } from "./syslog.schema.ts";

/** Runs rules over lines without saving either: what the agent would make of each. */
export function tryRules(
  { sequences, lines, senderIp }: z.output<typeof tryRulesInput>,
  clock: () => number,
): z.infer<typeof triedRules> {
  const check = checkRules(sequences, clock);
  if (check.kind === "refused") return { problems: [...check.problems], lines: [] };
  return {
    problems: [...check.sampleProblems],
    lines: lines.map((line) => lineView(check.rules.match(line, { senderIp }))),
  };
}

function lineView(result: MatchResult): z.infer<typeof lineResult> {
  switch (result.kind) {
    case "matched": {
      const { sequenceId, ordinal: _, ...rest } = result;
      return {
        ...rest,
        sequence: placeOf(sequenceId),
        groups: [...rest.groups],
        captures: [...rest.captures],
      };
    }
    case "refused": {
      const { sequenceId, ...rest } = result;
      return {
        ...rest,
        sequence: sequenceId === null ? null : placeOf(sequenceId),
        captures: [...rest.captures],
      };
    }
    case "not-matched":
      return result;
  }
}
