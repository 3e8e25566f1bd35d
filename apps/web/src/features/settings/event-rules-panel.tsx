"use client";

import { EVENT_RULES } from "@rollcall/event-rules";
import { CheckField } from "@rollcall/ui/field";
import { Panel } from "@rollcall/ui/layout";
import { useState } from "react";
import { SaveBar } from "./save-bar.tsx";
import { useSaveSettings } from "./use-save-settings.ts";

/** Event rules that no Windows source of the customer obeys. */
export function EventRulesPanel({ value, canWrite }: { value: readonly string[]; canWrite: boolean }) {
  const [off, setOff] = useState(value);
  const { save, isSaving, refusal } = useSaveSettings();
  const isSame = off.length === value.length && off.every((id) => value.includes(id));
  return (
    <Panel title="Event rules">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save({ eventRulesOff: [...off] });
        }}
      >
        <p className="max-w-[68ch] text-sm text-ink-2">
          What is off here is off for every event log and for event forwarding, whatever is chosen there.{" "}
          {value.length === 0 ? "Nothing is." : `Off: ${value.join(", ")}.`}
        </p>
        <details>
          <summary className="w-fit rounded-sm text-sm font-semibold text-accent">Switch rules off</summary>
          <fieldset disabled={!canWrite} className="mt-3 flex max-w-[68ch] flex-col gap-2.5">
            <legend className="mb-1 text-sm font-semibold text-ink">Off for this customer</legend>
            {EVENT_RULES.map(({ id, sentence }) => (
              <CheckField
                key={id}
                label={<span className="font-mono">{id.replace(/^event:/, "")}</span>}
                help={sentence}
                checked={off.includes(id)}
                onChange={(event) =>
                  setOff(event.target.checked ? [...off, id] : off.filter((each) => each !== id))
                }
              />
            ))}
          </fieldset>
        </details>
        <SaveBar
          what="event rules"
          isChanged={!isSame}
          isSaving={isSaving}
          refusal={refusal}
          onReset={() => setOff(value)}
        />
      </form>
    </Panel>
  );
}
