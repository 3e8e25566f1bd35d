"use client";

import { CheckField, PasswordField, SelectField, TextAreaField, TextField } from "@rollcall/ui/field";
import { Notice } from "@rollcall/ui/notice";
import { useForm } from "react-hook-form";
import { FormState } from "~/features/form/form-state.tsx";
import { useEditing } from "~/features/form/use-editing.ts";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";

export type Directory = Outputs["directories"]["list"]["items"][number];
type Credential = Outputs["credentials"]["list"]["items"][number];

export interface DirectoryValues {
  readonly siteId: string;
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly tls: "ldaps" | "starttls" | "none";
  readonly caPem: string;
  readonly dangerouslyTrustAnyCertificate: boolean;
  /** Empty: an account of its own. */
  readonly credentialId: string;
  readonly bindUser: string;
  readonly password: string;
  readonly baseDn: string;
  readonly domain: string;
  readonly netbiosDomain: string;
  readonly pollSeconds: string;
  readonly enabled: boolean;
}

export function emptyDirectory(siteId: string, domain: string | null): DirectoryValues {
  return {
    siteId,
    name: "",
    host: "",
    port: "",
    tls: "ldaps",
    caPem: "",
    dangerouslyTrustAnyCertificate: false,
    credentialId: "",
    bindUser: "",
    password: "",
    baseDn: "",
    domain: domain ?? "",
    netbiosDomain: "",
    pollSeconds: "30",
    enabled: true,
  };
}

export function directoryValues(directory: Directory): DirectoryValues {
  return {
    siteId: directory.site.id,
    name: directory.name,
    host: directory.host,
    port: String(directory.port),
    tls: directory.tls,
    caPem: directory.caPem ?? "",
    dangerouslyTrustAnyCertificate: directory.dangerouslyTrustAnyCertificate,
    credentialId: directory.credential?.id ?? "",
    bindUser: directory.bindUser ?? "",
    password: "",
    baseDn: directory.baseDn ?? "",
    domain: directory.domain ?? "",
    netbiosDomain: directory.netbiosDomain ?? "",
    pollSeconds: String(directory.pollSeconds),
    enabled: directory.enabled,
  };
}

/** The fields as the API takes them. A name left empty is the host; an empty port is the usual one of the way in. */
export function directoryFields(values: DirectoryValues) {
  const orNull = (text: string) => (text.trim() === "" ? null : text.trim());
  return {
    name: values.name.trim() === "" ? values.host.trim() : values.name.trim(),
    host: values.host.trim(),
    port: values.port.trim() === "" ? (values.tls === "ldaps" ? 636 : 389) : Number(values.port),
    tls: values.tls,
    caPem: orNull(values.caPem),
    dangerouslyTrustAnyCertificate: values.dangerouslyTrustAnyCertificate,
    ...(values.credentialId === ""
      ? { bindUser: values.bindUser.trim() }
      : { credentialId: values.credentialId }),
    baseDn: orNull(values.baseDn),
    domain: orNull(values.domain)?.toLowerCase() ?? null,
    netbiosDomain: orNull(values.netbiosDomain),
    pollSeconds: Number(values.pollSeconds) || 30,
    enabled: values.enabled,
  };
}

/** Where the password would go elsewhere it must be typed again. */
export function needsPassword(before: DirectoryValues, now: DirectoryValues): boolean {
  return (
    before.host !== now.host ||
    before.port !== now.port ||
    before.tls !== now.tls ||
    before.caPem !== now.caPem ||
    before.bindUser !== now.bindUser ||
    (!before.dangerouslyTrustAnyCertificate && now.dangerouslyTrustAnyCertificate)
  );
}

/** Whether a shared login is shown to a server of its own domain only, and not in clear: then its password is not asked for. */
export function staysInside(
  { host, tls, dangerouslyTrustAnyCertificate }: DirectoryValues,
  { user, realm }: Pick<Credential, "user" | "realm">,
): boolean {
  const domain = (realm ?? user.split("@")[1] ?? "").toLowerCase();
  const name = host.trim().toLowerCase();
  const isOfItsDomain = domain !== "" && (name === domain || name.endsWith(`.${domain}`));
  return isOfItsDomain && tls !== "none" && !dangerouslyTrustAnyCertificate;
}

export interface DirectoryFormProps {
  readonly formId: string;
  readonly initial: DirectoryValues;
  /** Of `initial`; null: there is none yet. */
  readonly version?: string | null;
  readonly isSaving?: boolean;
  readonly isNew: boolean;
  readonly sites: readonly { readonly id: string; readonly name: string }[];
  readonly credentials?: readonly Credential[];
  readonly refusal: Refusal | null;
  /** With the version that is edited; null: a new one. */
  readonly onSubmit: (values: DirectoryValues, version: string | null) => void;
}

/** A directory: where it is, how it is protected, who reads it. What can be read from it is under "More". */
export function DirectoryForm({
  formId,
  initial,
  version = null,
  isSaving = false,
  isNew,
  sites,
  credentials = [],
  refusal,
  onSubmit,
}: DirectoryFormProps) {
  const form = useForm<DirectoryValues>({ defaultValues: initial });
  const { register, handleSubmit, formState, watch } = form;
  const editing = useEditing<DirectoryValues>(form, { values: initial, version }, { refusal, isSaving });
  const errorOf = (name: keyof DirectoryValues) =>
    formState.errors[name]?.message ?? fieldError(editing.atFields, name);
  const values = watch();
  const shared = credentials.find(({ id }) => id === values.credentialId);
  const { values: before } = editing.base;
  const changesLogin = before.credentialId !== values.credentialId;
  const askPassword =
    shared === undefined
      ? isNew || changesLogin || needsPassword(before, values)
      : (isNew || changesLogin || needsPassword(before, values)) && !staysInside(values, shared);
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
      <TextField
        label="Domain controller"
        mono
        autoComplete="off"
        spellCheck={false}
        placeholder="dc1.castell.example"
        error={errorOf("host")}
        help="As the agent reaches it. With LDAPS, the name in its certificate."
        {...register("host", { required: "Write its name or address." })}
      />
      <div className="flex flex-wrap gap-3">
        <div className="min-w-40 flex-1">
          <SelectField
            label="Protection"
            options={[
              { value: "ldaps", label: "LDAPS" },
              { value: "starttls", label: "StartTLS" },
              { value: "none", label: "None" },
            ]}
            error={errorOf("tls")}
            {...register("tls")}
          />
        </div>
        <div className="w-28">
          <TextField
            label="Port"
            inputMode="numeric"
            placeholder={values.tls === "ldaps" ? "636" : "389"}
            error={errorOf("port")}
            {...register("port", { pattern: { value: /^\d*$/, message: "A number." } })}
          />
        </div>
      </div>
      {values.tls === "none" ? (
        <Notice tone="warn" title="The password crosses the network readable">
          Choose LDAPS or StartTLS wherever the server has a certificate.
        </Notice>
      ) : (
        <TextAreaField
          label="CA certificate"
          note="optional"
          mono
          rows={3}
          spellCheck={false}
          placeholder="-----BEGIN CERTIFICATE-----"
          help="PEM of the CA that signed the server's certificate. Left empty, the agent uses the CAs its system trusts."
          error={errorOf("caPem")}
          {...register("caPem")}
        />
      )}
      {credentials.length === 0 ? null : (
        <SelectField
          label="Login"
          options={[
            { value: "", label: "An account of its own" },
            ...credentials.map(({ id, name, user }) => ({ value: id, label: `${name} (${user})` })),
          ]}
          error={errorOf("credentialId")}
          {...register("credentialId")}
        />
      )}
      {shared === undefined ? (
        <TextField
          label="Account"
          mono
          autoComplete="off"
          spellCheck={false}
          placeholder="svc-rollcall@castell.example"
          help="It only reads: no rights beyond Domain Users."
          error={errorOf("bindUser")}
          {...register("bindUser", {
            validate: (text, { credentialId }) =>
              credentialId !== "" || text.trim() !== "" || "Write the reading account.",
          })}
        />
      ) : null}
      {shared !== undefined && !askPassword ? null : (
        <PasswordField
          label={shared === undefined ? "Password" : `Password of ${shared.name}`}
          autoComplete="new-password"
          note={
            shared === undefined && isNew
              ? undefined
              : askPassword
                ? "type it again: it would go elsewhere"
                : "leave empty to keep it"
          }
          help={
            shared === undefined
              ? "Sealed in this step for the agents of the site. Nobody else can open it, not even this portal."
              : "A directory is shown the password itself. Outside the login's own domain, or unprotected, it is asked for once more, and is then the login's password everywhere."
          }
          error={errorOf("password")}
          {...register("password", {
            validate: (text) => !askPassword || text !== "" || "Type the password.",
          })}
        />
      )}
      <details>
        <summary className="w-fit rounded-sm text-sm font-semibold text-accent">More</summary>
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
            label="Base DN"
            note="optional"
            mono
            autoComplete="off"
            spellCheck={false}
            placeholder="DC=castell,DC=example"
            help="The server's own where it is left empty."
            error={errorOf("baseDn")}
            {...register("baseDn")}
          />
          <div className="flex flex-wrap gap-3">
            <div className="min-w-40 flex-1">
              <TextField
                label="Domain"
                note="optional"
                autoComplete="off"
                spellCheck={false}
                help="Made from the base DN where it is left empty."
                error={errorOf("domain")}
                {...register("domain")}
              />
            </div>
            <div className="min-w-32 flex-1">
              <TextField
                label="NetBIOS domain"
                note="optional"
                autoComplete="off"
                spellCheck={false}
                error={errorOf("netbiosDomain")}
                {...register("netbiosDomain")}
              />
            </div>
          </div>
          <TextField
            label="Look for changes every"
            note="seconds, 5 to 3600"
            inputMode="numeric"
            error={errorOf("pollSeconds")}
            {...register("pollSeconds")}
          />
          {values.tls === "none" ? null : (
            <CheckField
              label="Trust any certificate"
              help="Dangerous: the password then goes to whoever answers. It is shown on this page and in the audit log."
              {...register("dangerouslyTrustAnyCertificate")}
            />
          )}
          <CheckField
            label="Read this directory"
            help="Switched off, its names and groups stay as they were last read."
            {...register("enabled")}
          />
        </div>
      </details>
    </form>
  );
}
