"use client";

import { CheckField, PasswordField, TextAreaField, TextField } from "@rollcall/ui/field";
import { Notice } from "@rollcall/ui/notice";
import { useForm } from "react-hook-form";
import { entriesOf } from "~/features/form/entries.ts";
import { FormState } from "~/features/form/form-state.tsx";
import { useEditing } from "~/features/form/use-editing.ts";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";

export type Credential = Outputs["credentials"]["list"]["items"][number];

export interface CredentialValues {
  readonly name: string;
  readonly user: string;
  readonly password: string;
  readonly realm: string;
  readonly kdcs: string;
  readonly allowNtlm: boolean;
}

export const EMPTY_CREDENTIAL: CredentialValues = {
  name: "",
  user: "",
  password: "",
  realm: "",
  kdcs: "",
  allowNtlm: false,
};

export function credentialValues(credential: Credential): CredentialValues {
  return {
    name: credential.name,
    user: credential.user,
    password: "",
    realm: credential.realm ?? "",
    kdcs: credential.kdcs.join("\n"),
    allowNtlm: credential.allowNtlm,
  };
}

/** The fields as the API takes them. A name left empty is the account's. */
export function credentialFields(values: CredentialValues) {
  const realm = values.realm.trim();
  return {
    name: values.name.trim() === "" ? values.user.trim() : values.name.trim(),
    user: values.user.trim(),
    realm: realm === "" ? null : realm,
    kdcs: entriesOf(values.kdcs),
    allowNtlm: values.allowNtlm,
  };
}

/** Where the password would prove itself to others it must be typed again. */
export function needsPassword(before: CredentialValues, now: CredentialValues): boolean {
  return (
    before.user !== now.user ||
    before.realm !== now.realm ||
    before.kdcs !== now.kdcs ||
    (!before.allowNtlm && now.allowNtlm)
  );
}

export interface CredentialFormProps {
  readonly formId: string;
  readonly initial: CredentialValues;
  /** Of `initial`; null: there is none yet. */
  readonly version?: string | null;
  readonly isSaving?: boolean;
  readonly isNew: boolean;
  readonly refusal: Refusal | null;
  /** With the version that is edited; null: a new one. */
  readonly onSubmit: (values: CredentialValues, version: string | null) => void;
}

/** A login at Windows servers: who, and how it may prove itself. */
export function CredentialForm({
  formId,
  initial,
  version = null,
  isSaving = false,
  isNew,
  refusal,
  onSubmit,
}: CredentialFormProps) {
  const form = useForm<CredentialValues>({ defaultValues: initial });
  const { register, handleSubmit, formState, watch } = form;
  const editing = useEditing<CredentialValues>(form, { values: initial, version }, { refusal, isSaving });
  const errorOf = (name: keyof CredentialValues) =>
    formState.errors[name]?.message ?? fieldError(editing.atFields, name);
  const values = watch();
  const askPassword = isNew || needsPassword(editing.base.values, values);
  return (
    <form
      id={formId}
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => void handleSubmit((values) => onSubmit(values, editing.base.version))(event)}
    >
      <FormState editing={editing} />
      <Notice tone="warn" title="Never Domain Admins">
        Reading event logs needs Event Log Readers and nothing more; asking computers needs Distributed COM
        Users and Remote Management Users. The hand-over pack makes such accounts.
      </Notice>
      <TextField
        label="Account"
        mono
        autoComplete="off"
        spellCheck={false}
        placeholder="svc-rollcall@castell.example"
        help="With its domain: user@castell.example, or DOMAIN\user and the realm below."
        error={errorOf("user")}
        {...register("user", { required: "Write the account." })}
      />
      <PasswordField
        label="Password"
        autoComplete="new-password"
        note={
          isNew
            ? undefined
            : askPassword
              ? "type it again: it would prove itself elsewhere"
              : "leave empty to keep it"
        }
        help="Sealed in this step for the customer's agents. Nobody else can open it, not even this portal."
        error={errorOf("password")}
        {...register("password", { validate: (text) => !askPassword || text !== "" || "Type the password." })}
      />
      <TextField
        label="Name"
        note="optional"
        autoComplete="off"
        help="What people call it; the account where it is left empty."
        error={errorOf("name")}
        {...register("name")}
      />
      <details>
        <summary className="w-fit rounded-sm text-sm font-semibold text-accent">More</summary>
        <div className="mt-3 flex flex-col gap-4">
          <TextField
            label="Kerberos realm"
            note="optional"
            mono
            autoComplete="off"
            spellCheck={false}
            placeholder="castell.example"
            help="The DNS name of its domain; what follows the @ where it is left empty."
            error={errorOf("realm")}
            {...register("realm")}
          />
          <TextAreaField
            label="Domain controllers for tickets"
            note="optional"
            mono
            rows={2}
            spellCheck={false}
            placeholder="dc1.castell.example"
            help="One to a line, asked in this order. Found by DNS where it is left empty."
            error={errorOf("kdcs")}
            {...register("kdcs")}
          />
          <CheckField
            label="Also log in with NTLM"
            help="Where Kerberos cannot be used, such as at a server named by its address. Whoever runs a server it is used at can then try to guess the password."
            {...register("allowNtlm")}
          />
        </div>
      </details>
    </form>
  );
}
