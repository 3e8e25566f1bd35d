"use client";

import { CheckField, SelectField, TextAreaField, TextField } from "@rollcall/ui/field";
import { Notice } from "@rollcall/ui/notice";
import { useForm } from "react-hook-form";
import { entriesOf } from "~/features/form/entries.ts";
import { FormState } from "~/features/form/form-state.tsx";
import { TimeZoneField } from "~/features/form/time-zone-field.tsx";
import { useEditing } from "~/features/form/use-editing.ts";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";

export type SyslogSource = Outputs["syslog"]["list"]["items"][number];
export type BaseConfigurations = Outputs["syslog"]["baseConfigurations"]["items"];

export interface SourceValues {
  readonly siteId: string;
  readonly name: string;
  readonly baseConfiguration: string;
  readonly senders: string;
  readonly speaksFor: string;
  readonly transport: "any" | "udp" | "tcp";
  readonly defaultDomain: string;
  readonly timeZone: string;
  readonly lifetimeMinutes: string;
  readonly maxLinesPerSecond: string;
  readonly enabled: boolean;
}

export function emptySource(siteId: string, domain: string | null, sender = ""): SourceValues {
  return {
    siteId,
    name: "",
    baseConfiguration: "",
    senders: sender,
    speaksFor: "",
    transport: "any",
    defaultDomain: domain ?? "",
    timeZone: "",
    lifetimeMinutes: "480",
    maxLinesPerSecond: "20000",
    enabled: true,
  };
}

export function sourceValues(source: SyslogSource): SourceValues {
  return {
    siteId: source.site.id,
    name: source.name,
    baseConfiguration: source.baseConfiguration ?? "",
    senders: source.senders.join("\n"),
    speaksFor: source.speaksFor.join("\n"),
    transport: source.transport,
    defaultDomain: source.defaultDomain ?? "",
    timeZone: source.timeZone ?? "",
    lifetimeMinutes: String(source.lifetimeMinutes),
    maxLinesPerSecond: String(source.maxLinesPerSecond),
    enabled: source.enabled,
  };
}

/** The fields as the API takes them. A name left empty is made from the base configuration or the first sender. */
export function sourceFields(values: SourceValues, bases: BaseConfigurations) {
  const orNull = (text: string) => (text.trim() === "" ? null : text.trim());
  const senders = entriesOf(values.senders);
  const base = bases.find((each) => each.name === values.baseConfiguration);
  return {
    name: orNull(values.name) ?? base?.title ?? `Syslog from ${senders[0] ?? "a sender"}`,
    senders,
    speaksFor: entriesOf(values.speaksFor),
    transport: values.transport,
    defaultDomain: orNull(values.defaultDomain),
    timeZone: orNull(values.timeZone),
    lifetimeMinutes: Number(values.lifetimeMinutes) || 480,
    maxLinesPerSecond: Number(values.maxLinesPerSecond) || 20_000,
    enabled: values.enabled,
  };
}

export interface SourceFormProps {
  readonly formId: string;
  readonly initial: SourceValues;
  /** Of `initial`; null: there is none yet. */
  readonly version?: string | null;
  readonly isSaving?: boolean;
  /** The version that the last save from here made. */
  readonly ownVersion?: string | undefined;
  readonly isNew: boolean;
  readonly sites: readonly { readonly id: string; readonly name: string }[];
  readonly bases: BaseConfigurations;
  readonly refusal: Refusal | null;
  /** With the version that is edited; null: a new one. */
  readonly onSubmit: (values: SourceValues, version: string | null) => void;
}

/** A sender of logs: who may send, how its lines are read, and which addresses it may speak for. */
export function SourceForm({
  formId,
  initial,
  version = null,
  isSaving = false,
  ownVersion,
  isNew,
  sites,
  bases,
  refusal,
  onSubmit,
}: SourceFormProps) {
  const form = useForm<SourceValues>({ defaultValues: initial });
  const { register, handleSubmit, formState, watch } = form;
  const editing = useEditing<SourceValues>(
    form,
    { values: initial, version },
    { refusal, isSaving, ownVersion },
  );
  const errorOf = (name: keyof SourceValues) =>
    formState.errors[name]?.message ?? fieldError(editing.atFields, name);
  const { baseConfiguration, speaksFor, transport } = watch();
  const base = bases.find((each) => each.name === baseConfiguration);
  return (
    <form
      id={formId}
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => void handleSubmit((values) => onSubmit(values, editing.base.version))(event)}
    >
      <FormState editing={editing} />
      {isNew && sites.length > 1 ? (
        <SelectField
          label="Site"
          options={sites.map((site) => ({ value: site.id, label: site.name }))}
          {...register("siteId")}
        />
      ) : null}
      {isNew ? (
        <SelectField
          label="Base configuration"
          options={[
            { value: "", label: "None: I write the rules" },
            ...bases.map((each) => ({ value: each.name, label: each.title })),
          ]}
          help={
            base?.description ??
            "Ready-made rules to begin from. You can change every one of them afterwards."
          }
          {...register("baseConfiguration")}
        />
      ) : null}
      <TextAreaField
        label="Senders"
        mono
        rows={2}
        spellCheck={false}
        placeholder="10.20.0.1"
        help="Who may send: addresses or prefixes, one to a line. Lines from anybody else are counted and not read."
        error={errorOf("senders")}
        {...register("senders", { validate: (text) => entriesOf(text).length > 0 || "Who may send?" })}
      />
      <TextAreaField
        label="Speaks for"
        mono
        rows={2}
        spellCheck={false}
        placeholder="10.20.31.0/24"
        help="The addresses it may say who is at: the VPN pool, the site's subnets. Outside them its lines only refresh what is known."
        error={errorOf("speaksFor")}
        {...register("speaksFor")}
      />
      <SpeaksForRisk entries={entriesOf(speaksFor)} transport={transport} />
      <details open={!isNew}>
        <summary className="w-fit rounded-sm text-sm font-semibold text-accent">More</summary>
        <div className="mt-3 flex flex-col gap-4">
          <TextField
            label="Name"
            note={isNew ? "optional" : undefined}
            autoComplete="off"
            error={errorOf("name")}
            {...register("name")}
          />
          <SelectField
            label="Transport"
            options={[
              { value: "any", label: "UDP and TCP" },
              { value: "udp", label: "UDP only" },
              { value: "tcp", label: "TCP only" },
            ]}
            error={errorOf("transport")}
            {...register("transport")}
          />
          <TextField
            label="Domain"
            note="optional"
            autoComplete="off"
            spellCheck={false}
            help="For lines that give a bare user name."
            error={errorOf("defaultDomain")}
            {...register("defaultDomain")}
          />
          <TimeZoneField
            label="Time zone of its time stamps"
            note="optional"
            help="Where they carry none. Left empty, the time of arrival counts."
            error={errorOf("timeZone")}
            {...register("timeZone")}
          />
          <div className="flex flex-wrap gap-3">
            <div className="min-w-40 flex-1">
              <TextField
                label="A session lasts"
                note="minutes, 1 to 1440"
                inputMode="numeric"
                error={errorOf("lifetimeMinutes")}
                {...register("lifetimeMinutes")}
              />
            </div>
            <div className="min-w-40 flex-1">
              <TextField
                label="At most"
                note="lines a second"
                inputMode="numeric"
                error={errorOf("maxLinesPerSecond")}
                {...register("maxLinesPerSecond")}
              />
            </div>
          </div>
          <CheckField
            label="Read this source"
            help="Switched off, its lines are counted and not read."
            {...register("enabled")}
          />
        </div>
      </details>
    </form>
  );
}

/** Says what is trusted by these entries: syslog over UDP proves nothing about its sender. */
function SpeaksForRisk({
  entries,
  transport,
}: {
  entries: readonly string[];
  transport: SourceValues["transport"];
}) {
  if (entries.length === 0) {
    return (
      <Notice tone="info" title="Nobody is named by this source yet">
        Without addresses to speak for, its lines only refresh sessions that another source opened.
      </Notice>
    );
  }
  const broad = entries.find((entry) => /^(?:0\.0\.0\.0|::)\/0$/.test(entry) || /\/[0-7]$/.test(entry));
  return (
    <Notice
      tone={broad === undefined ? "info" : "warn"}
      title={broad === undefined ? "What this trusts" : `${broad} is nearly everything`}
    >
      {transport === "tcp"
        ? "Whoever can send from a sender's address can name a person at these addresses, and a firewall lets that person's rights through."
        : "UDP does not prove who sent a line: whoever can write a sender's address into a packet can name a person at these addresses, and a firewall lets that person's rights through."}{" "}
      Keep it to the pool this sender really hands out.
    </Notice>
  );
}
