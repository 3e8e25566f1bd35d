"use client";

import { ChoiceField, TextAreaField, TextField } from "@rollcall/ui/field";
import { entriesOf } from "~/features/form/entries.ts";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import { type Mark, type MarkMode, MODE_CHOICES } from "./mark-words.ts";

/** What is told of a marked address, as a form holds it. */
export interface ModeValues {
  readonly mode: MarkMode;
  readonly domain: string;
  readonly user: string;
  readonly groups: string;
}

export const SUPPRESS: ModeValues = { mode: "suppress", domain: "", user: "", groups: "" };

export function modeValues({ mode, pseudoUser }: Pick<Mark, "mode" | "pseudoUser">): ModeValues {
  return {
    mode,
    domain: pseudoUser?.domain ?? "",
    user: pseudoUser?.name ?? "",
    groups: pseudoUser?.groups.join("\n") ?? "",
  };
}

/** As the API takes it. */
export function modeInput({ mode, domain, user, groups }: ModeValues) {
  return {
    mode,
    pseudoUser:
      mode === "pseudo-user" && user.trim() !== ""
        ? { domain: domain.trim(), name: user.trim(), groups: entriesOf(groups) }
        : null,
  };
}

/** What firewalls are told of the address: nobody, one fixed user, or whoever logged on last. */
export function ModeFields({
  values,
  onChange,
  refusal,
}: {
  values: ModeValues;
  onChange: (values: ModeValues) => void;
  refusal: Refusal | null;
}) {
  const isMode = (text: string): text is MarkMode => MODE_CHOICES.some(({ value }) => value === text);
  return (
    <>
      <ChoiceField
        label="Firewalls are to"
        name="mark-mode"
        value={values.mode}
        onChange={(mode) => {
          if (isMode(mode)) onChange({ ...values, mode });
        }}
        options={MODE_CHOICES}
      />
      {values.mode === "pseudo-user" ? (
        <>
          <TextField
            label="User"
            autoComplete="off"
            placeholder="citrix-users"
            value={values.user}
            onChange={(event) => onChange({ ...values, user: event.target.value })}
            error={fieldError(refusal, "pseudoUser") ?? fieldError(refusal, "pseudoUser.name")}
          />
          <TextField
            label="Domain"
            note="optional"
            autoComplete="off"
            value={values.domain}
            onChange={(event) => onChange({ ...values, domain: event.target.value })}
          />
          <TextAreaField
            label="Groups"
            note="optional"
            rows={2}
            help="One to a line. Rules match on them as on a person's groups."
            value={values.groups}
            onChange={(event) => onChange({ ...values, groups: event.target.value })}
          />
        </>
      ) : null}
    </>
  );
}
