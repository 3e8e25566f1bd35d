"use client";

import type { EventRule } from "@rollcall/event-rules";
import { CheckField } from "@rollcall/ui/field";
import { isOn, type RuleChoice, rulesOf, withRule } from "./rule-choice.ts";

/** Every rule that a source can obey, with what it says, to switch off and on. */
export function RuleList({
  kind,
  choice,
  onChange,
  error,
}: {
  kind: EventRule["sources"][number];
  choice: RuleChoice;
  onChange: (choice: RuleChoice) => void;
  error?: string | undefined;
}) {
  return (
    <fieldset className="flex flex-col gap-2.5" data-testid="rule-list">
      <legend className="mb-1 text-sm font-semibold text-ink">Event rules</legend>
      {error === undefined ? null : <p className="text-xs font-semibold text-bad-ink">{error}</p>}
      {rulesOf(kind).map((rule) => (
        <CheckField
          key={rule.id}
          label={
            <>
              <span className="font-mono">{rule.id.replace(/^event:/, "")}</span>
              {rule.isOnByDefault ? null : <span className="text-ink-3"> · off unless switched on</span>}
            </>
          }
          help={rule.sentence}
          checked={isOn(rule, choice)}
          onChange={(event) => onChange(withRule(rule, event.target.checked, choice))}
        />
      ))}
    </fieldset>
  );
}
