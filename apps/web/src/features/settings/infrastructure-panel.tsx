"use client";

import { TextAreaField } from "@rollcall/ui/field";
import { Panel } from "@rollcall/ui/layout";
import { useState } from "react";
import { entriesOf } from "~/features/form/entries.ts";
import { fieldError } from "~/trpc/refusal.ts";
import { SaveBar } from "./save-bar.tsx";
import { useSaveSettings } from "./use-save-settings.ts";

/** Addresses at which nobody sits: servers that log on for others. */
export function InfrastructurePanel({ value, canWrite }: { value: readonly string[]; canWrite: boolean }) {
  const stored = value.join("\n");
  const [text, setText] = useState(stored);
  const { save, isSaving, refusal } = useSaveSettings();
  return (
    <Panel title="Servers">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save({ infrastructure: entriesOf(text) });
        }}
      >
        <fieldset disabled={!canWrite} className="max-w-[68ch]">
          <TextAreaField
            label="Addresses of servers"
            note="optional"
            mono
            rows={4}
            spellCheck={false}
            placeholder={"10.20.0.10\n10.20.0.16/29"}
            help="Domain controllers, Exchange servers, proxies, firewalls: no logon is ever placed there. One to a line: addresses, prefixes or ranges."
            value={text}
            onChange={(event) => setText(event.target.value)}
            error={fieldError(refusal, "infrastructure")}
          />
        </fieldset>
        <SaveBar
          what="servers"
          isChanged={text !== stored}
          isSaving={isSaving}
          refusal={refusal}
          onReset={() => setText(stored)}
        />
      </form>
    </Panel>
  );
}
