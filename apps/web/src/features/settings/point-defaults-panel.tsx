"use client";

import { ChoiceField, TextField } from "@rollcall/ui/field";
import { Panel } from "@rollcall/ui/layout";
import { useState } from "react";
import { DARK_CHOICES } from "~/features/enforcement/dark-words.ts";
import { fieldError } from "~/trpc/refusal.ts";
import { SaveBar } from "./save-bar.tsx";
import type { Settings } from "./settings-words.ts";
import { useSaveSettings } from "./use-save-settings.ts";

/** The fail-safe that a new firewall begins with. Those that stand already keep theirs. */
export function PointDefaultsPanel({
  value,
  canWrite,
}: {
  value: Settings["pointDefaults"];
  canWrite: boolean;
}) {
  const [whenDark, setWhenDark] = useState(value.whenSourcesDark);
  const [minutes, setMinutes] = useState(String(value.darkMinutes));
  const { save, isSaving, refusal } = useSaveSettings();
  return (
    <Panel title="New firewalls: when sources are dark">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save({ pointDefaults: { whenSourcesDark: whenDark, darkMinutes: Number(minutes) } });
        }}
      >
        <fieldset disabled={!canWrite} className="flex max-w-[68ch] flex-col gap-4">
          <ChoiceField
            label="When a source cannot be heard, the people it named are"
            name="default-dark"
            value={whenDark}
            onChange={(next) =>
              setWhenDark(DARK_CHOICES.find((choice) => choice.value === next)?.value ?? whenDark)
            }
            options={DARK_CHOICES}
          />
          {whenDark === "shorten" ? (
            <TextField
              label="Kept for"
              note="minutes, 1 to 1440"
              inputMode="numeric"
              value={minutes}
              onChange={(event) => setMinutes(event.target.value)}
              error={fieldError(refusal, "pointDefaults.darkMinutes")}
            />
          ) : null}
        </fieldset>
        <p className="text-sm text-ink-2">Firewalls that stand already keep what was chosen for them.</p>
        <SaveBar
          what="the default"
          isChanged={whenDark !== value.whenSourcesDark || minutes !== String(value.darkMinutes)}
          isSaving={isSaving}
          refusal={refusal}
          onReset={() => {
            setWhenDark(value.whenSourcesDark);
            setMinutes(String(value.darkMinutes));
          }}
        />
      </form>
    </Panel>
  );
}
