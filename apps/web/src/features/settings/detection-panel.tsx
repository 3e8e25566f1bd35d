"use client";

import { ChoiceField, TextAreaField, TextField } from "@rollcall/ui/field";
import { Panel } from "@rollcall/ui/layout";
import Link from "next/link";
import { useState } from "react";
import { entriesOf } from "~/features/form/entries.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { fieldError } from "~/trpc/refusal.ts";
import { SaveBar } from "./save-bar.tsx";
import { DETECTION, type Settings, THRESHOLDS } from "./settings-words.ts";
import { useSaveSettings } from "./use-save-settings.ts";

type Detection = Settings["detection"];

/** How shared hosts, translated networks and service accounts are found, and whether agents act by themselves. */
export function DetectionPanel({ value, canWrite }: { value: Detection; canWrite: boolean }) {
  const customer = useCustomer();
  const stored = fieldsOf(value);
  const [fields, setFields] = useState(stored);
  const { save, isSaving, refusal } = useSaveSettings();
  const set = (changes: Partial<typeof stored>) => setFields((before) => ({ ...before, ...changes }));
  const errorOf = (name: string) => fieldError(refusal, `detection.${name}`);
  return (
    <Panel
      title="Shared hosts, NAT and service accounts"
      tools={
        <Link className="rounded-sm text-sm text-accent hover:underline" href={`/c/${customer.slug}/shared`}>
          What was found
        </Link>
      }
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save({ detection: detectionOf(fields) });
        }}
      >
        <fieldset disabled={!canWrite} className="flex max-w-[68ch] flex-col gap-4">
          <ChoiceField
            label="Agents look for them by what they do"
            name="detection"
            value={fields.mode}
            onChange={(next) =>
              set({ mode: DETECTION.find((choice) => choice.value === next)?.value ?? fields.mode })
            }
            options={DETECTION}
          />
          {fields.mode === "off" ? null : (
            <>
              <div className="grid gap-4 sm:grid-cols-2">
                {THRESHOLDS.map(({ name, label, note, min, max }) => (
                  <TextField
                    key={name}
                    label={label}
                    help={note}
                    inputMode="numeric"
                    value={fields[name]}
                    onChange={(event) => set({ [name]: event.target.value })}
                    error={errorOf(name) ?? outside(fields[name], min, max)}
                  />
                ))}
              </div>
              <p className="text-sm text-ink-2">
                An address counts for half as much again where the account has a service name (SPN), and again
                where its password never expires and nobody sat at a keyboard with it for 30 days. The latter
                needs computers that forward their logons.
              </p>
              <TextAreaField
                label="Groups of people who work everywhere"
                note="optional"
                mono
                rows={2}
                spellCheck={false}
                placeholder={"CORP\\helpdesk"}
                help="Delegated administrators, the help desk: members, nested ones too, are never service accounts. One to a line: name or DOMAIN\name."
                value={fields.exemptGroups}
                onChange={(event) => set({ exemptGroups: event.target.value })}
                error={errorOf("exemptGroups")}
              />
              <TextAreaField
                label="Never service accounts"
                note="optional"
                mono
                rows={3}
                spellCheck={false}
                placeholder={"CORP\\helpdesk"}
                help="Accounts of people who really work at many addresses, one to a line: name or DOMAIN\name."
                value={fields.exempt}
                onChange={(event) => set({ exempt: event.target.value })}
                error={errorOf("exempt")}
              />
            </>
          )}
        </fieldset>
        <SaveBar
          what="detection"
          isChanged={JSON.stringify(fields) !== JSON.stringify(stored)}
          isSaving={isSaving}
          refusal={refusal}
          onReset={() => setFields(stored)}
        />
      </form>
    </Panel>
  );
}

function fieldsOf(value: Detection) {
  return {
    mode: value.mode,
    suggestServiceAccountAt: String(value.suggestServiceAccountAt),
    suppressServiceAccountAt: String(value.suppressServiceAccountAt),
    multiUserAt: String(value.multiUserAt),
    natAt: String(value.natAt),
    remoteDesktopAt: String(value.remoteDesktopAt),
    learnDays: String(value.learnDays),
    exempt: value.exempt.join("\n"),
    exemptGroups: value.exemptGroups.join("\n"),
  };
}

function detectionOf(fields: ReturnType<typeof fieldsOf>): Detection {
  return {
    mode: fields.mode,
    suggestServiceAccountAt: Number(fields.suggestServiceAccountAt),
    suppressServiceAccountAt: Number(fields.suppressServiceAccountAt),
    multiUserAt: Number(fields.multiUserAt),
    natAt: Number(fields.natAt),
    remoteDesktopAt: Number(fields.remoteDesktopAt),
    learnDays: Number(fields.learnDays),
    exempt: entriesOf(fields.exempt),
    exemptGroups: entriesOf(fields.exemptGroups),
  };
}

function outside(text: string, min: number, max: number): string | undefined {
  const value = Number(text);
  const isInside = text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max;
  return isInside ? undefined : `A whole number from ${min} to ${max.toLocaleString("en-GB")}.`;
}
