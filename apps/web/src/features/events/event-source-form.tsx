"use client";

import { eventQuery, faultOfShare, switchesOf } from "@rollcall/event-rules";
import { CheckField, SelectField, TextField } from "@rollcall/ui/field";
import { Controller, useForm } from "react-hook-form";
import { entriesOf } from "~/features/form/entries.ts";
import { FormState } from "~/features/form/form-state.tsx";
import { useEditing } from "~/features/form/use-editing.ts";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import { channelOf, EVENT_SOURCE_KINDS, type EventSource } from "./event-kinds.ts";
import { QueryField } from "./query-field.tsx";
import { choiceOf, type RuleChoice } from "./rule-choice.ts";
import { RuleList } from "./rule-list.tsx";

export type Credential = Outputs["credentials"]["list"]["items"][number];

export interface EventSourceValues {
  readonly siteId: string;
  readonly kind: EventSource["kind"];
  readonly name: string;
  readonly host: string;
  readonly credentialId: string;
  readonly channelPath: string;
  /** Empty: the standard one. */
  readonly query: string;
  readonly catchUpMinutes: string;
  readonly lifetimeMinutes: string;
  readonly rules: RuleChoice;
  readonly shares: string;
  readonly endpointMapperPort: string;
  readonly headerSigning: boolean;
  readonly enabled: boolean;
}

export function emptyEventSource(siteId: string, credentialId: string): EventSourceValues {
  return {
    siteId,
    kind: "domain-controller",
    name: "",
    host: "",
    credentialId,
    channelPath: "",
    query: "",
    catchUpMinutes: "60",
    lifetimeMinutes: "480",
    rules: { rulesOff: [], rulesOn: [] },
    shares: "",
    endpointMapperPort: "135",
    headerSigning: true,
    enabled: true,
  };
}

export function eventSourceValues(source: EventSource): EventSourceValues {
  return {
    siteId: source.site.id,
    kind: source.kind,
    name: source.name,
    host: source.host,
    credentialId: source.credential.id,
    channelPath: source.channelPath ?? "",
    query: source.query ?? "",
    catchUpMinutes: String(source.catchUpMinutes),
    lifetimeMinutes: String(source.lifetimeMinutes),
    rules: { rulesOff: source.rulesOff, rulesOn: source.rulesOn },
    shares: source.shares.join(", "),
    endpointMapperPort: String(source.endpointMapperPort),
    headerSigning: source.headerSigning,
    enabled: source.enabled,
  };
}

/** The fields as the API takes them. A name left empty is the host. */
export function eventSourceFields(values: EventSourceValues) {
  const orNull = (text: string) => (text.trim() === "" ? null : text.trim());
  const { rulesOff, rulesOn } = choiceOf(values.kind, values.rules);
  return {
    kind: values.kind,
    name: values.name.trim() === "" ? values.host.trim() : values.name.trim(),
    host: values.host.trim(),
    credentialId: values.credentialId,
    channelPath: orNull(values.channelPath),
    query: orNull(values.query),
    catchUpMinutes: Number(values.catchUpMinutes),
    lifetimeMinutes: Number(values.lifetimeMinutes),
    rulesOff: [...rulesOff],
    rulesOn: [...rulesOn],
    shares: entriesOf(values.shares),
    endpointMapperPort: Number(values.endpointMapperPort),
    headerSigning: values.headerSigning,
    enabled: values.enabled,
  };
}

const wholeNumber = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  const isInside = text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max;
  return isInside || `A whole number from ${min} to ${max.toLocaleString("en-GB")}.`;
};

export interface EventSourceFormProps {
  readonly formId: string;
  readonly initial: EventSourceValues;
  /** Of `initial`; null: there is none yet. */
  readonly version?: string | null;
  readonly isSaving?: boolean;
  readonly isNew: boolean;
  readonly sites: readonly { readonly id: string; readonly name: string }[];
  readonly credentials: readonly Credential[];
  readonly refusal: Refusal | null;
  /** With the version that is edited; null: a new one. */
  readonly onSubmit: (values: EventSourceValues, version: string | null) => void;
}

/** A Windows event log: which server, who reads it. What is asked for is under "More". */
export function EventSourceForm({
  formId,
  initial,
  version = null,
  isSaving = false,
  isNew,
  sites,
  credentials,
  refusal,
  onSubmit,
}: EventSourceFormProps) {
  const form = useForm<EventSourceValues>({ defaultValues: initial });
  const { register, handleSubmit, formState, watch, control } = form;
  const editing = useEditing<EventSourceValues>(form, { values: initial, version }, { refusal, isSaving });
  const errorOf = (name: keyof EventSourceValues) =>
    formState.errors[name]?.message ?? fieldError(editing.atFields, name);
  const { kind, channelPath, rules, shares } = watch();
  const standard = eventQuery({
    kind,
    channels: [channelOf({ kind, channelPath: channelPath.trim() === "" ? null : channelPath.trim() })],
    rules: switchesOf(rules.rulesOff, rules.rulesOn),
    shares: entriesOf(shares).filter((name) => faultOfShare(name) === null),
  });
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
      <SelectField
        label="Server"
        options={EVENT_SOURCE_KINDS.map(({ value, label }) => ({ value, label }))}
        error={errorOf("kind")}
        {...register("kind")}
      />
      <TextField
        label="Host"
        mono
        autoComplete="off"
        spellCheck={false}
        placeholder="dc1.castell.example"
        help="Its full DNS name: Kerberos needs it."
        error={errorOf("host")}
        {...register("host", { required: "Write its full DNS name." })}
      />
      <SelectField
        label="Credential"
        options={credentials.map(({ id, name, user }) => ({ value: id, label: `${name} (${user})` }))}
        help="A member of Event Log Readers: more is not needed."
        error={errorOf("credentialId")}
        {...register("credentialId", { required: "Choose a credential." })}
      />
      <TextField
        label="Catch up"
        note="minutes, 0 to 10,080"
        inputMode="numeric"
        help="How far back the log is read at the first start. 0: only what comes from then on."
        error={errorOf("catchUpMinutes")}
        {...register("catchUpMinutes", { validate: wholeNumber(0, 10_080) })}
      />
      <details>
        <summary className="w-fit rounded-sm text-sm font-semibold text-accent">
          Rules, query and more
        </summary>
        <div className="mt-3 flex flex-col gap-4">
          <TextField
            label="Name"
            note="optional"
            autoComplete="off"
            help="The host where it is left empty."
            error={errorOf("name")}
            {...register("name")}
          />
          <TextField
            label="Channel path"
            note="optional"
            mono
            autoComplete="off"
            spellCheck={false}
            placeholder={channelOf({ kind, channelPath: null })}
            error={errorOf("channelPath")}
            {...register("channelPath")}
          />
          <TextField
            label="A session lasts"
            note="minutes, 1 to 1,440"
            inputMode="numeric"
            help="After it was last seen."
            error={errorOf("lifetimeMinutes")}
            {...register("lifetimeMinutes", { validate: wholeNumber(1, 1440) })}
          />
          <Controller
            control={control}
            name="rules"
            render={({ field }) => (
              <RuleList
                kind={kind}
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
          {rules.rulesOn.includes("event:5140") ? (
            <TextField
              label="Shares beside SYSVOL and NETLOGON"
              note="optional, at most 10"
              mono
              autoComplete="off"
              spellCheck={false}
              placeholder="Homes, Profiles"
              help="Names as the server has them, commas between."
              error={errorOf("shares")}
              {...register("shares")}
            />
          ) : null}
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
            label="Endpoint mapper port"
            inputMode="numeric"
            help="135, unless there is a tunnel between."
            error={errorOf("endpointMapperPort")}
            {...register("endpointMapperPort", { validate: wholeNumber(1, 65_535) })}
          />
          <CheckField
            label="Sign the headers of calls too"
            help="Off only where a server refuses it."
            {...register("headerSigning")}
          />
          <CheckField
            label="Read this log"
            help="Switched off, who it named stays until he expires."
            {...register("enabled")}
          />
        </div>
      </details>
    </form>
  );
}
