"use client";

import { CheckField, PasswordField, SelectField, TextAreaField, TextField } from "@rollcall/ui/field";
import type { ReactNode } from "react";
import { useForm } from "react-hook-form";
import { FormState } from "~/features/form/form-state.tsx";
import { useEditing } from "~/features/form/use-editing.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import { AnswerFields, DarkFields, ReportFields } from "./answer-fields.tsx";
import type { PointValues } from "./point-values.ts";

export interface PointFormProps {
  readonly formId: string;
  readonly initial: PointValues;
  /** Of `initial`; null: there is none yet. */
  readonly version?: string | null;
  readonly isSaving?: boolean;
  /** The version that the last save from here made. */
  readonly ownVersion?: string | undefined;
  readonly isNew: boolean;
  readonly sites: readonly { readonly id: string; readonly name: string }[];
  readonly refusal: Refusal | null;
  /** With the version that is edited; null: a new one. */
  readonly onSubmit: (values: PointValues, version: string | null) => void;
}

/** A firewall that may ask: where it asks from, and what it is told. */
export function PointForm({
  formId,
  initial,
  version = null,
  isSaving = false,
  ownVersion,
  isNew,
  sites,
  refusal,
  onSubmit,
}: PointFormProps) {
  const form = useForm<PointValues>({ defaultValues: initial });
  const { register, handleSubmit, formState, control } = form;
  const editing = useEditing<PointValues>(
    form,
    { values: initial, version },
    { refusal, isSaving, ownVersion },
  );
  const fields = { control, register, errors: formState.errors, refusal: editing.atFields };
  const errorOf = (name: keyof PointValues) =>
    formState.errors[name]?.message ?? fieldError(editing.atFields, name);
  return (
    <form
      id={formId}
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => void handleSubmit((values) => onSubmit(values, editing.base.version))(event)}
    >
      <FormState editing={editing} />
      <TextAreaField
        label="Firewall address"
        mono
        rows={2}
        spellCheck={false}
        placeholder="10.20.0.1"
        help="Where it asks from, as agent and cloud see it: addresses or prefixes, one to a line. Empty: from anywhere that knows the secret."
        error={errorOf("sourceAddresses")}
        {...register("sourceAddresses")}
      />
      <TextField
        label="Name"
        note={isNew ? "optional" : undefined}
        autoComplete="off"
        placeholder="HQ-FW1"
        error={errorOf("name")}
        {...register("name")}
      />
      <More title="What it is told">
        <SelectField
          label="Site"
          options={[
            { value: "", label: "None in particular" },
            ...sites.map((site) => ({ value: site.id, label: site.name })),
          ]}
          error={errorOf("siteId")}
          {...register("siteId")}
        />
        <TextAreaField
          label="Only these domains"
          note="optional"
          mono
          rows={2}
          spellCheck={false}
          placeholder="castell.example"
          help="People of other domains are not told to it. Firewalls take up to 20 to 25."
          error={errorOf("domains")}
          {...register("domains")}
        />
        <TextAreaField
          label="Only these addresses"
          note="optional"
          mono
          rows={2}
          spellCheck={false}
          error={errorOf("includeIp")}
          {...register("includeIp")}
        />
        <TextAreaField
          label="Not these addresses"
          note="optional"
          mono
          rows={2}
          spellCheck={false}
          error={errorOf("excludeIp")}
          {...register("excludeIp")}
        />
        <CheckField label="Tell it IPv6 addresses too" help="Junos 21.4 and later." {...register("ipv6")} />
        <TextField
          label="An access token lasts"
          note="hours, 1 to 24"
          inputMode="numeric"
          error={fieldError(editing.refusal, "tokenTtlSeconds") ?? errorOf("tokenTtlHours")}
          {...register("tokenTtlHours")}
        />
        <CheckField
          label="Answer this firewall"
          help="Switched off, it is refused by agent and cloud within seconds."
          {...register("enabled")}
        />
      </More>
      <More title="How it is answered">
        <AnswerFields {...fields} />
      </More>
      <More title="Logons it reports">
        <ReportFields {...fields} />
      </More>
      <More title="When sources are dark">
        <DarkFields {...fields} isNew={isNew} />
      </More>
      {isNew ? (
        <More title="A secret of your own">
          <PasswordField
            label="Client secret"
            note="optional"
            autoComplete="new-password"
            spellCheck={false}
            help="For a firewall that has one already: at least 16 characters. We keep a slow hash of it and cannot show it again. Empty: one is made and shown once."
            error={errorOf("chosen")}
            {...register("chosen")}
          />
        </More>
      ) : null}
    </form>
  );
}

/** What may stay as it is, until somebody wants to see it. */
function More({ title, children }: { title: string; children: ReactNode }) {
  return (
    <details>
      <summary className="w-fit rounded-sm text-sm font-semibold text-accent">{title}</summary>
      <div className="mt-3 flex flex-col gap-4">{children}</div>
    </details>
  );
}
