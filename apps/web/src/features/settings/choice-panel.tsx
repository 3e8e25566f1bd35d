"use client";

import { ChoiceField } from "@rollcall/ui/field";
import { Panel } from "@rollcall/ui/layout";
import { type ReactNode, useState } from "react";
import { SaveBar } from "./save-bar.tsx";
import type { Choice } from "./settings-words.ts";
import { useSaveSettings } from "./use-save-settings.ts";

type Save = ReturnType<typeof useSaveSettings>["save"];

/** One setting of a customer that is one of a few words, each with what it means. */
export function ChoicePanel<Word extends string>({
  title,
  label,
  name,
  what,
  value,
  options,
  canWrite,
  changes,
  children,
}: {
  title: string;
  label: string;
  name: string;
  /** What is saved, in a sentence's middle: "corroboration". */
  what: string;
  value: Word;
  options: readonly Choice<Word>[];
  canWrite: boolean;
  /** The change that choosing this word means. */
  changes: (chosen: Word) => Parameters<Save>[0];
  children?: ReactNode;
}) {
  const [chosen, setChosen] = useState(value);
  const { save, isSaving, refusal } = useSaveSettings();
  return (
    <Panel title={title}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save(changes(chosen));
        }}
      >
        <fieldset disabled={!canWrite} className="max-w-[68ch]">
          <ChoiceField
            label={label}
            name={name}
            value={chosen}
            onChange={(next) => setChosen(options.find((choice) => choice.value === next)?.value ?? chosen)}
            options={options}
          />
        </fieldset>
        {children}
        <SaveBar
          what={what}
          isChanged={chosen !== value}
          isSaving={isSaving}
          refusal={refusal}
          onReset={() => setChosen(value)}
        />
      </form>
    </Panel>
  );
}
