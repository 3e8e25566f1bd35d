"use client";

import { eventQuery, switchesOf } from "@rollcall/event-rules";
import { CheckField, TextAreaField, TextField } from "@rollcall/ui/field";
import { Controller, useForm } from "react-hook-form";
import { QueryField } from "~/features/events/query-field.tsx";
import { RuleList } from "~/features/events/rule-list.tsx";
import { entriesOf } from "~/features/form/entries.ts";
import { FormState } from "~/features/form/form-state.tsx";
import { useEditing } from "~/features/form/use-editing.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import type { ForwardingValues } from "./forwarding-values.ts";

/** Where a site's computers forward their events to, and which computers may. */
export function ForwardingForm({
  formId,
  initial,
  version = null,
  isSaving = false,
  refusal,
  onSubmit,
}: {
  readonly formId: string;
  readonly initial: ForwardingValues;
  /** Of `initial`; null: there is none yet. */
  readonly version?: string | null;
  readonly isSaving?: boolean;
  readonly refusal: Refusal | null;
  /** With the version that is edited; null: a new one. */
  readonly onSubmit: (values: ForwardingValues, version: string | null) => void;
}) {
  const form = useForm<ForwardingValues>({ defaultValues: initial });
  const { register, handleSubmit, formState, watch, control } = form;
  const editing = useEditing<ForwardingValues>(form, { values: initial, version }, { refusal, isSaving });
  const errorOf = (name: keyof ForwardingValues) =>
    formState.errors[name]?.message ?? fieldError(editing.atFields, name);
  const { channels, rules } = watch();
  const standard = eventQuery({
    kind: "wef",
    channels: entriesOf(channels),
    rules: switchesOf(rules.rulesOff, rules.rulesOn),
  });
  return (
    <form
      id={formId}
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => void handleSubmit((values) => onSubmit(values, editing.base.version))(event)}
    >
      <FormState editing={editing} />
      <div className="flex flex-wrap gap-3">
        <div className="min-w-48 flex-1">
          <TextField
            label="Name of the agent"
            mono
            autoComplete="off"
            spellCheck={false}
            placeholder="agent.castell.example"
            help="The full DNS name that computers reach it by."
            error={errorOf("host")}
            {...register("host", { required: "Write its full DNS name." })}
          />
        </div>
        <div className="w-28">
          <TextField
            label="Port"
            inputMode="numeric"
            error={errorOf("port")}
            {...register("port", { pattern: { value: /^\d+$/, message: "A number." } })}
          />
        </div>
      </div>
      <TextAreaField
        label="CA of your computers"
        mono
        rows={4}
        spellCheck={false}
        placeholder="-----BEGIN CERTIFICATE-----"
        help="PEM of the CA that gave the computers their certificates: only those may forward."
        error={errorOf("clientCaPem")}
        {...register("clientCaPem", { required: "Paste the CA's certificate." })}
      />
      <TextAreaField
        label="Computers that may forward"
        note="optional"
        mono
        rows={2}
        spellCheck={false}
        placeholder="*.castell.example"
        help="One to a line; *.castell.example for a domain. Empty: any with such a certificate."
        error={errorOf("allow")}
        {...register("allow")}
      />
      <details>
        <summary className="w-fit rounded-sm text-sm font-semibold text-accent">
          Rules, query and more
        </summary>
        <div className="mt-3 flex flex-col gap-4">
          <TextField
            label="Name"
            autoComplete="off"
            help="What people call it, e.g. where it says who named somebody."
            error={errorOf("name")}
            {...register("name", { validate: (text) => text.trim() !== "" || "Write a name." })}
          />
          <TextAreaField
            label="Logs"
            mono
            rows={2}
            spellCheck={false}
            help="One to a line. A log that is added is sent from its beginning."
            error={errorOf("channels")}
            {...register("channels")}
          />
          <Controller
            control={control}
            name="rules"
            render={({ field }) => (
              <RuleList
                kind="wef"
                choice={field.value}
                onChange={field.onChange}
                error={
                  errorOf("rules") ??
                  fieldError(editing.refusal, "rulesOn") ??
                  fieldError(editing.refusal, "rulesOff")
                }
              />
            )}
          />
          <Controller
            control={control}
            name="query"
            render={({ field }) => (
              <QueryField
                value={field.value}
                standard={standard}
                onChange={field.onChange}
                error={errorOf("query")}
              />
            )}
          />
          <TextField
            label="Sign of life"
            note="seconds, 60 to 86,400"
            inputMode="numeric"
            help="How often a computer with nothing to say says so."
            error={errorOf("heartbeatSeconds")}
            {...register("heartbeatSeconds", { pattern: { value: /^\d+$/, message: "A number." } })}
          />
          <TextField
            label="A session lasts"
            note="minutes, 1 to 1,440"
            inputMode="numeric"
            error={errorOf("lifetimeMinutes")}
            {...register("lifetimeMinutes", { pattern: { value: /^\d+$/, message: "A number." } })}
          />
          <CheckField label="A new computer also sends what it wrote before" {...register("readExisting")} />
          <CheckField label="Ask for compressed events" {...register("compress")} />
          <CheckField
            label="Listen for computers"
            help="Switched off, they keep what they would have sent, as long as their logs hold it."
            {...register("enabled")}
          />
        </div>
      </details>
    </form>
  );
}
