"use client";

import { ChoiceField } from "@rollcall/ui/field";
import { Panel } from "@rollcall/ui/layout";
import { useState } from "react";
import { SaveBar } from "./save-bar.tsx";
import { LISTENER_TLS, type Settings } from "./settings-words.ts";
import { useSaveSettings } from "./use-save-settings.ts";

/** Which TLS the agents speak with firewalls. */
export function ListenerPanel({ value, canWrite }: { value: Settings["listenerTls"]; canWrite: boolean }) {
  const [chosen, setChosen] = useState(value);
  const { save, isSaving, refusal } = useSaveSettings();
  return (
    <Panel title="TLS towards firewalls">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save({ listenerTls: chosen });
        }}
      >
        <fieldset disabled={!canWrite} className="max-w-[68ch]">
          <ChoiceField
            label="Agents speak with firewalls"
            name="listener-tls"
            value={chosen}
            onChange={(next) =>
              setChosen(LISTENER_TLS.find((choice) => choice.value === next)?.value ?? chosen)
            }
            options={LISTENER_TLS}
          />
        </fieldset>
        <SaveBar
          what="TLS"
          isChanged={chosen !== value}
          isSaving={isSaving}
          refusal={refusal}
          onReset={() => setChosen(value)}
        />
      </form>
    </Panel>
  );
}
