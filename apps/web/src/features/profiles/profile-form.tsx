"use client";

import { FormErrors, TextAreaField, TextField } from "@rollcall/ui/field";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import { DropFile } from "./drop-file.tsx";
import { Exchanges } from "./exchanges.tsx";
import { FaultList } from "./fault-list.tsx";

export interface ProfileValues {
  readonly name: string;
  readonly note: string;
  readonly text: string;
}
export const EMPTY_PROFILE: ProfileValues = { name: "", note: "", text: "" };

/** As much as the API takes. */
const CHARACTERS_MAX = 65_536;
const PREVIEW_AFTER_MS = 400;

/** A profile of one's own: dropped or pasted, read while one types, and shown as a firewall would see it. */
export function ProfileForm({
  formId,
  initial,
  refusal,
  onSubmit,
}: {
  formId: string;
  initial: ProfileValues;
  refusal: Refusal | null;
  onSubmit: (values: ProfileValues) => void;
}) {
  const [values, setValues] = useState(initial);
  const [fileFault, setFileFault] = useState<string | null>(null);
  const preview = usePreview(values.text);
  const set = (changes: Partial<ProfileValues>) => setValues((before) => ({ ...before, ...changes }));
  return (
    <form
      id={formId}
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(values);
      }}
    >
      <FormErrors title="Not saved" items={refusal === null ? [] : [refusal.message]} />
      <TextField
        label="Name"
        autoComplete="off"
        placeholder="Branch firewalls, 12.3X48"
        value={values.name}
        onChange={(event) => set({ name: event.target.value })}
        error={fieldError(refusal, "name")}
      />
      <TextField
        label="What it is for"
        note="optional"
        autoComplete="off"
        value={values.note}
        onChange={(event) => set({ note: event.target.value })}
        error={fieldError(refusal, "note")}
      />
      <DropFile
        maxCharacters={CHARACTERS_MAX}
        onFault={setFileFault}
        onText={(text, fileName) => {
          setFileFault(null);
          set({ text, ...(values.name === "" ? { name: fileName.replace(/\.json$/i, "") } : {}) });
        }}
      >
        <TextAreaField
          label="Document"
          mono
          rows={12}
          spellCheck={false}
          placeholder='{ "version": 1, … }'
          help="JSON. Drop a file here, choose one, or paste. What may be left out has its default."
          value={values.text}
          onChange={(event) => set({ text: event.target.value })}
          error={fileFault ?? fieldError(refusal, "text")}
        />
      </DropFile>
      {values.text.trim() === "" ? null : preview.result === null ? (
        <p className="text-sm text-ink-2" role="status">
          {preview.failed ?? "Reading…"}
        </p>
      ) : preview.result.kind === "refused" ? (
        <FaultList title="It does not read" faults={preview.result.faults} text={values.text} />
      ) : (
        <section aria-label="Preview" className="flex flex-col gap-3 border-t border-line pt-4">
          <h2 className="text-lg font-semibold">How a firewall would be answered</h2>
          <Exchanges shown={preview.result} />
        </section>
      )}
    </form>
  );
}

/** Reads the text a moment after the last key; `result` is of the text that stands there, or null. */
function usePreview(text: string) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const { mutate, data, variables, error } = useMutation(trpc.profiles.preview.mutationOptions());
  useEffect(() => {
    if (text.trim() === "") return;
    const timer = setTimeout(() => mutate({ customer: customer.slug, text }), PREVIEW_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, customer.slug, mutate]);
  const isOfThis = variables?.text === text;
  return {
    result: isOfThis && data !== undefined ? data : null,
    failed: isOfThis && error !== null ? "It could not be read now. It is read again when you save." : null,
  };
}
