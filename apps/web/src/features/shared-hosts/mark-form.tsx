"use client";

import { ChoiceField, FormErrors, SelectField, TextField } from "@rollcall/ui/field";
import { useState } from "react";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import { ModeFields, modeInput, modeValues, SUPPRESS } from "./mark-fields.tsx";
import { MARK_WORDS, type Mark, type MarkKind } from "./mark-words.ts";

export interface MarkSpace {
  readonly id: string;
  readonly name: string;
}

export interface MarkInput {
  readonly addressSpaceId?: string;
  readonly range: string;
  readonly mark: MarkKind;
  readonly mode: Mark["mode"];
  readonly pseudoUser: Mark["pseudoUser"];
  readonly note: string;
}

/** Addresses with more than one person behind them, and what firewalls are told of them. */
export function MarkForm({
  formId,
  initial,
  range,
  spaces,
  refusal,
  onSubmit,
}: {
  formId: string;
  /** The mark that is changed; null: a new one. */
  initial: Mark | null;
  /** Filled in for a new one. */
  range?: string;
  /** To choose from for a new one; a mark stays in its space. */
  spaces: readonly MarkSpace[];
  refusal: Refusal | null;
  onSubmit: (input: MarkInput) => void;
}) {
  const [text, setText] = useState(initial?.range ?? range ?? "");
  const [kind, setKind] = useState<MarkKind>(initial?.mark ?? "multi-user");
  const [space, setSpace] = useState(initial?.addressSpace.id ?? spaces[0]?.id ?? "");
  const [note, setNote] = useState(initial?.note ?? "");
  const [mode, setMode] = useState(initial === null ? SUPPRESS : modeValues(initial));
  return (
    <form
      id={formId}
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit({
          ...(initial === null && space !== "" ? { addressSpaceId: space } : {}),
          range: text.trim(),
          mark: kind,
          note: note.trim(),
          ...modeInput(mode),
        });
      }}
    >
      <FormErrors title="Not saved" items={refusal === null ? [] : [refusal.message]} />
      <TextField
        label="Addresses"
        mono
        autoComplete="off"
        spellCheck={false}
        placeholder="10.20.9.0/24"
        help="An address, a prefix, or a range a-b."
        value={text}
        onChange={(event) => setText(event.target.value)}
        error={fieldError(refusal, "range")}
      />
      {initial === null && spaces.length > 1 ? (
        <SelectField
          label="Address space"
          value={space}
          onChange={(event) => setSpace(event.target.value)}
          options={spaces.map(({ id, name }) => ({ value: id, label: name }))}
        />
      ) : null}
      <ChoiceField
        label="Behind them is a"
        name="mark-kind"
        value={kind}
        onChange={(value) => setKind(value === "nat" ? "nat" : "multi-user")}
        options={[
          {
            value: "multi-user",
            label: MARK_WORDS["multi-user"].toLowerCase(),
            help: "A terminal server, a kiosk, a jump host: several people, one address.",
          },
          {
            value: "nat",
            label: "translated network (NAT)",
            help: "Several computers that are seen with one address.",
          },
        ]}
      />
      <ModeFields values={mode} onChange={setMode} refusal={refusal} />
      <TextField
        label="Why"
        note="optional"
        autoComplete="off"
        value={note}
        onChange={(event) => setNote(event.target.value)}
        error={fieldError(refusal, "note")}
      />
    </form>
  );
}
