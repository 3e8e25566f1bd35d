import { EVENT_RULES, findRule, NEVER_EVENTS } from "./event-rules.ts";

/** Which rules a source obeys. */
export interface RuleSwitches {
  isOn(ruleId: string): boolean;
}

/** Off counts before on: a rule named in both is off. Ids that no rule has are left aside; `faultOfSwitch` says so where they are typed. */
export function switchesOf(rulesOff: readonly string[] = [], rulesOn: readonly string[] = []): RuleSwitches {
  const on = new Set(
    EVENT_RULES.filter(
      ({ id, isOnByDefault }) => (isOnByDefault || rulesOn.includes(id)) && !rulesOff.includes(id),
    ).map(({ id }) => id),
  );
  return { isOn: (ruleId) => on.has(ruleId) };
}

/** Why an id cannot stand in `rulesOff` or `rulesOn`, and what to do; null where it can. */
export function faultOfSwitch(id: string): { readonly problem: string; readonly remedy: string } | null {
  if (findRule(id) !== null) return null;
  const never = NEVER_EVENTS.find((one) => one.id === id);
  if (never !== undefined)
    return {
      problem: `${id} never becomes a session and cannot be switched: ${never.sentence}`,
      remedy: "leave it out",
    };
  return {
    problem: `there is no event rule "${id}"`,
    remedy: `rules: ${EVENT_RULES.map((rule) => rule.id).join(", ")}`,
  };
}
