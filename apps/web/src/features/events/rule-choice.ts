import { EVENT_RULES, type EventRule } from "@rollcall/event-rules";

/** Which rules of a source differ from what they are unless asked. */
export interface RuleChoice {
  readonly rulesOff: readonly string[];
  readonly rulesOn: readonly string[];
}

/** The rules that a kind of source can obey, in the order in which they are tried. */
export function rulesOf(kind: EventRule["sources"][number]): readonly EventRule[] {
  return EVENT_RULES.filter(({ sources }) => sources.includes(kind));
}

export function isOn({ id, isOnByDefault }: EventRule, { rulesOff, rulesOn }: RuleChoice): boolean {
  return (isOnByDefault || rulesOn.includes(id)) && !rulesOff.includes(id);
}

/** The choice with one rule switched. Only what differs from the rule's own default is kept. */
export function withRule({ id, isOnByDefault }: EventRule, on: boolean, choice: RuleChoice): RuleChoice {
  const without = (ids: readonly string[]) => ids.filter((each) => each !== id);
  return {
    rulesOff: isOnByDefault && !on ? [...without(choice.rulesOff), id] : without(choice.rulesOff),
    rulesOn: !isOnByDefault && on ? [...without(choice.rulesOn), id] : without(choice.rulesOn),
  };
}

/** A choice without rules that the kind cannot obey: another kind was chosen since. */
export function choiceOf(kind: EventRule["sources"][number], choice: RuleChoice): RuleChoice {
  const known = new Set(rulesOf(kind).map(({ id }) => id));
  return {
    rulesOff: choice.rulesOff.filter((id) => known.has(id)),
    rulesOn: choice.rulesOn.filter((id) => known.has(id)),
  };
}
