"use client";

import { CheckField, FormErrors, SelectField, TextAreaField, TextField } from "@rollcall/ui/field";
import { useForm } from "react-hook-form";
import { entriesOf } from "~/features/form/entries.ts";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";

export type Point = Outputs["points"]["get"];

export interface PointValues {
  readonly name: string;
  readonly siteId: string;
  readonly sourceAddresses: string;
  readonly ipv6: boolean;
  readonly tokenTtlHours: string;
  readonly domains: string;
  readonly includeIp: string;
  readonly excludeIp: string;
  readonly enabled: boolean;
}

export const EMPTY_POINT: PointValues = {
  name: "",
  siteId: "",
  sourceAddresses: "",
  ipv6: false,
  tokenTtlHours: "8",
  domains: "",
  includeIp: "",
  excludeIp: "",
  enabled: true,
};

export function pointValues(point: Point): PointValues {
  return {
    name: point.name,
    siteId: point.site?.id ?? "",
    sourceAddresses: point.sourceAddresses.join("\n"),
    ipv6: point.ipv6,
    tokenTtlHours: String(Math.max(1, Math.round(point.tokenTtlSeconds / 3600))),
    domains: point.domains.join("\n"),
    includeIp: point.includeIp.join("\n"),
    excludeIp: point.excludeIp.join("\n"),
    enabled: point.enabled,
  };
}

/** The fields as the API takes them. A name left empty is made from the first address. */
export function pointFields(values: PointValues) {
  const sourceAddresses = entriesOf(values.sourceAddresses);
  const hours = Math.min(24, Math.max(1, Math.round(Number(values.tokenTtlHours) || 8)));
  return {
    name: values.name.trim() === "" ? `Firewall ${sourceAddresses[0] ?? "1"}` : values.name.trim(),
    siteId: values.siteId === "" ? null : values.siteId,
    sourceAddresses,
    ipv6: values.ipv6,
    tokenTtlSeconds: hours * 3600,
    domains: entriesOf(values.domains).map((domain) => domain.toLowerCase()),
    includeIp: entriesOf(values.includeIp),
    excludeIp: entriesOf(values.excludeIp),
    enabled: values.enabled,
  };
}

export interface PointFormProps {
  readonly formId: string;
  readonly initial: PointValues;
  readonly isNew: boolean;
  readonly sites: readonly { readonly id: string; readonly name: string }[];
  readonly refusal: Refusal | null;
  readonly onSubmit: (values: PointValues) => void;
}

/** A firewall that may ask: where it asks from, and what it is told. */
export function PointForm({ formId, initial, isNew, sites, refusal, onSubmit }: PointFormProps) {
  const { register, handleSubmit, formState } = useForm<PointValues>({ defaultValues: initial });
  const errorOf = (name: keyof PointValues) => formState.errors[name]?.message ?? fieldError(refusal, name);
  return (
    <form
      id={formId}
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => void handleSubmit(onSubmit)(event)}
    >
      <FormErrors title="Not saved" items={refusal === null ? [] : [refusal.message]} />
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
      <details>
        <summary className="w-fit rounded-sm text-sm font-semibold text-accent">What it is told</summary>
        <div className="mt-3 flex flex-col gap-4">
          <SelectField
            label="Site"
            options={[
              { value: "", label: "None in particular" },
              ...sites.map((site) => ({ value: site.id, label: site.name })),
            ]}
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
            error={fieldError(refusal, "tokenTtlSeconds")}
            {...register("tokenTtlHours")}
          />
          <CheckField
            label="Answer this firewall"
            help="Switched off, it is refused by agent and cloud within seconds."
            {...register("enabled")}
          />
        </div>
      </details>
    </form>
  );
}
