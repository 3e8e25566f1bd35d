"use client";

import { Button } from "@rollcall/ui/button";
import { CheckField, SelectField, TextAreaField, TextField } from "@rollcall/ui/field";
import { Notice } from "@rollcall/ui/notice";
import { Controller, useForm } from "react-hook-form";
import { FormState } from "~/features/form/form-state.tsx";
import { useEditing } from "~/features/form/use-editing.ts";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import { moved } from "./moved.ts";
import type { ProbeValues } from "./probe-values.ts";

export type Credential = Outputs["credentials"]["list"]["items"][number];

/** Which computers are asked, with which logins in which order, and when. */
export function ProbeForm({
  formId,
  initial,
  version = null,
  isSaving = false,
  credentials,
  refusal,
  onSubmit,
}: {
  readonly formId: string;
  readonly initial: ProbeValues;
  /** Of `initial`; null: there is none yet. */
  readonly version?: string | null;
  readonly isSaving?: boolean;
  readonly credentials: readonly Credential[];
  readonly refusal: Refusal | null;
  /** With the version that is edited; null: a new one. */
  readonly onSubmit: (values: ProbeValues, version: string | null) => void;
}) {
  const form = useForm<ProbeValues>({ defaultValues: initial });
  const { register, handleSubmit, formState, control } = form;
  const editing = useEditing<ProbeValues>(form, { values: initial, version }, { refusal, isSaving });
  const errorOf = (name: keyof ProbeValues) =>
    formState.errors[name]?.message ?? fieldError(editing.atFields, name);
  return (
    <form
      id={formId}
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => void handleSubmit((values) => onSubmit(values, editing.base.version))(event)}
    >
      <FormState editing={editing} />
      <Notice tone="warn" title="Never an account of Domain Admins">
        Every computer that is asked sees the login. Distributed COM Users and Remote Management Users are
        enough; the hand-over pack makes such an account. Keep WMI closed towards networks you do not trust.
      </Notice>
      <CheckField label="Ask computers of this site who sits at them" {...register("enabled")} />
      <TextAreaField
        label="Addresses that may be asked"
        mono
        rows={3}
        spellCheck={false}
        placeholder="10.30.0.0/16"
        help="One to a line: prefixes, addresses or ranges. Nothing else is ever asked."
        error={errorOf("include")}
        {...register("include")}
      />
      <TextAreaField
        label="Of those, not"
        note="optional"
        mono
        rows={2}
        spellCheck={false}
        placeholder="10.30.9.0/24"
        help="Printers, servers, guests."
        error={errorOf("exclude")}
        {...register("exclude")}
      />
      <Controller
        control={control}
        name="credentialIds"
        render={({ field }) => (
          <LoginOrder
            credentials={credentials}
            value={field.value}
            onChange={field.onChange}
            error={errorOf("credentialIds")}
          />
        )}
      />
      <CheckField
        label="Ask when a firewall asks about an address nobody knows"
        {...register("onUnknownAddress")}
      />
      <CheckField
        label="Ask when an event names a computer and no user is known there"
        {...register("onEventWithoutUser")}
      />
      <CheckField
        label="Ask before a session ends by its age"
        help="Who answers stays; who is gone leaves."
        {...register("verifyAtExpiry")}
      />
      <details>
        <summary className="w-fit rounded-sm text-sm font-semibold text-accent">More</summary>
        <div className="mt-3 flex flex-col gap-4">
          <SelectField
            label="Ways to ask"
            options={[
              { value: "wmi winrm", label: "WMI over DCOM, then WinRM" },
              { value: "winrm wmi", label: "WinRM, then WMI over DCOM" },
              { value: "wmi", label: "WMI over DCOM only" },
              { value: "winrm", label: "WinRM only" },
            ]}
            error={errorOf("methods")}
            {...register("methods")}
          />
          <CheckField
            label="Keep a session while the computer is alive but cannot be asked"
            help="For up to two more periods."
            {...register("holdIfAlive")}
          />
          <CheckField
            label="Also ask public addresses"
            help="Addresses outside the private ranges. The login then leaves your network."
            {...register("allowPublic")}
          />
          <TextField
            label="A session lasts"
            note="minutes, 1 to 1,440"
            inputMode="numeric"
            help="After a computer said that somebody sits there."
            error={errorOf("lifetimeMinutes")}
            {...register("lifetimeMinutes", { pattern: { value: /^\d+$/, message: "A number." } })}
          />
          <TextField
            label="Computers asked at once"
            note="1 to 64"
            inputMode="numeric"
            error={errorOf("workers")}
            {...register("workers", { pattern: { value: /^\d+$/, message: "A number." } })}
          />
        </div>
      </details>
    </form>
  );
}

/** Logins in the order in which they are tried; moved by buttons. */
function LoginOrder({
  credentials,
  value,
  onChange,
  error,
}: {
  credentials: readonly Credential[];
  value: readonly string[];
  onChange: (ids: readonly string[]) => void;
  error: string | undefined;
}) {
  const chosen = value.flatMap((id) => credentials.find((credential) => credential.id === id) ?? []);
  const left = credentials.filter(({ id }) => !value.includes(id));
  return (
    <fieldset className="flex flex-col gap-2" data-testid="login-order">
      <legend className="mb-1 text-sm font-semibold">Logins, tried in this order</legend>
      {error === undefined ? null : <p className="text-xs font-semibold text-bad-ink">{error}</p>}
      {chosen.length === 0 ? <p className="text-sm text-ink-2">None chosen yet.</p> : null}
      <ol className="flex flex-col">
        {chosen.map(({ id, name, user }, index) => (
          <li key={id} className="flex flex-wrap items-center gap-2 border-t border-line py-1.5 text-sm">
            <span className="min-w-0 flex-1">
              {index + 1}. {name} <span className="text-ink-2">{user}</span>
            </span>
            <Button
              size="small"
              disabled={index === 0}
              aria-label={`Move ${name} up`}
              onClick={() => onChange(moved(value, index, -1))}
            >
              Up
            </Button>
            <Button
              size="small"
              disabled={index === chosen.length - 1}
              aria-label={`Move ${name} down`}
              onClick={() => onChange(moved(value, index, 1))}
            >
              Down
            </Button>
            <Button
              size="small"
              aria-label={`Leave out ${name}`}
              onClick={() => onChange(value.filter((each) => each !== id))}
            >
              Leave out
            </Button>
          </li>
        ))}
      </ol>
      {left.length === 0 ? null : (
        <SelectField
          label="Add a login"
          value=""
          options={[
            { value: "", label: "Choose a credential" },
            ...left.map(({ id, name, user }) => ({ value: id, label: `${name} (${user})` })),
          ]}
          onChange={(event) => {
            if (event.target.value !== "") onChange([...value, event.target.value]);
          }}
        />
      )}
    </fieldset>
  );
}
