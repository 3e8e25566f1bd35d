"use client";

import { ChoiceField, PasswordField, TextAreaField, TextField } from "@rollcall/ui/field";
import { Notice } from "@rollcall/ui/notice";
import { useForm, useWatch } from "react-hook-form";
import { FormState } from "~/features/form/form-state.tsx";
import { useEditing } from "~/features/form/use-editing.ts";
import type { Inputs } from "~/trpc/outputs.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import type { Point } from "./point-values.ts";

type Push = NonNullable<Inputs["points"]["setPush"]["push"]>;

interface Values {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly caPem: string;
  readonly maxPostsPerSecond: string;
  readonly from: "agent" | "cloud";
}

/** Where a firewall's Web API is, and who posts there with which account. */
export function PushForm({
  formId,
  point,
  isSaving,
  refusal,
  onSubmit,
}: {
  formId: string;
  point: Point;
  isSaving: boolean;
  refusal: Refusal | null;
  /** With the version that is edited; null: it was not posted to. */
  onSubmit: (push: Push, version: string | null) => void;
}) {
  const stored = point.push;
  const initial: Values = {
    url: stored?.url ?? "",
    user: stored?.user ?? "",
    password: "",
    caPem: stored?.caPem ?? "",
    maxPostsPerSecond: String(stored?.maxPostsPerSecond ?? 10),
    from: stored?.from ?? "agent",
  };
  const form = useForm<Values>({ defaultValues: initial });
  const { register, handleSubmit, control, setValue } = form;
  const saved = { values: initial, version: stored?.version ?? null };
  const editing = useEditing<Values>(form, saved, { refusal, isSaving });
  const { from, url } = useWatch({ control });
  const errorOf = (name: keyof Values) =>
    fieldError(editing.atFields, `push.${name}`) ?? fieldError(editing.atFields, name);
  const submit = (values: Values) =>
    onSubmit(
      {
        url: values.url.trim(),
        user: values.user.trim(),
        caPem: values.caPem.trim() === "" ? null : values.caPem,
        maxPostsPerSecond: Math.round(Number(values.maxPostsPerSecond) || 10),
        from: values.from,
        ...(values.password === "" ? {} : { password: values.password }),
      },
      editing.base.version,
    );
  return (
    <form
      id={formId}
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => void handleSubmit(submit)(event)}
    >
      <FormState editing={editing} />
      <TextField
        label="Web API address"
        mono
        spellCheck={false}
        autoComplete="off"
        placeholder="https://192.0.2.1:8443"
        help="Scheme, host and port, as in system services webapi."
        error={errorOf("url")}
        {...register("url")}
      />
      {url?.trim().startsWith("http://") ? (
        <Notice tone="warn">
          Without TLS the password crosses the network in clear: only where nobody else listens on it.
        </Notice>
      ) : null}
      <TextField
        label="User"
        mono
        autoComplete="off"
        spellCheck={false}
        error={errorOf("user")}
        {...register("user")}
      />
      <PasswordField
        label="Password"
        autoComplete="new-password"
        {...(stored === null ? {} : { note: "as stored where empty" })}
        error={errorOf("password")}
        {...register("password")}
      />
      <ChoiceField
        label="Posted by"
        name="push-from"
        value={from ?? "agent"}
        error={errorOf("from")}
        onChange={(value) => setValue("from", value === "cloud" ? "cloud" : "agent")}
        options={[
          {
            value: "agent",
            label:
              point.site === null
                ? "the agents of its site (choose a site first)"
                : `the agents of ${point.site.name}`,
            help: "The password is sealed to them: nobody else can read it, not even the cloud.",
          },
          {
            value: "cloud",
            label: "the cloud",
            help: "Where the cloud can reach the firewall. The cloud can then read the password.",
          },
        ]}
      />
      <details open={stored !== null && stored.caPem !== null}>
        <summary className="w-fit rounded-sm text-sm font-semibold text-accent">Certificate and pace</summary>
        <div className="mt-3 flex flex-col gap-4">
          <TextAreaField
            label="CA certificate"
            note="optional"
            mono
            rows={4}
            spellCheck={false}
            placeholder="-----BEGIN CERTIFICATE-----"
            help="Of the CA that signed what the Web API shows, or that certificate itself. Empty: the system's store decides."
            error={errorOf("caPem")}
            {...register("caPem")}
          />
          <TextField
            label="Posts a second"
            note="at most, 1 to 100"
            inputMode="numeric"
            help="More wait. A small firewall is busy with its own work."
            error={errorOf("maxPostsPerSecond")}
            {...register("maxPostsPerSecond")}
          />
        </div>
      </details>
    </form>
  );
}
