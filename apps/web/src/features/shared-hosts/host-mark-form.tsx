"use client";

import { CheckField, FormErrors, TextField } from "@rollcall/ui/field";
import { Notice } from "@rollcall/ui/notice";
import { useState } from "react";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import { type HostMark, widenessOf } from "./host-mark-words.ts";
import { ModeFields, modeInput, modeValues, SUPPRESS } from "./mark-fields.tsx";

export type HostMarkInput = Pick<HostMark, "under" | "remoteDesktopOnly" | "mode" | "pseudoUser" | "note">;

/** Computers that are shared hosts by their place in the directory, and what firewalls are told of them. */
export function HostMarkForm({
  formId,
  initial,
  refusal,
  onSubmit,
}: {
  formId: string;
  /** The mark that is changed; null: a new one. */
  initial: HostMark | null;
  refusal: Refusal | null;
  onSubmit: (input: HostMarkInput) => void;
}) {
  const [under, setUnder] = useState(initial?.under ?? "");
  const [remoteDesktopOnly, setOnly] = useState(initial?.remoteDesktopOnly ?? false);
  const [note, setNote] = useState(initial?.note ?? "");
  const [mode, setMode] = useState(initial === null ? SUPPRESS : modeValues(initial));
  const wideness = widenessOf({ under, remoteDesktopOnly });
  return (
    <form
      id={formId}
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit({ under: under.trim(), remoteDesktopOnly, note: note.trim(), ...modeInput(mode) });
      }}
    >
      <FormErrors title="Not saved" items={refusal === null ? [] : [refusal.message]} />
      <TextField
        label="Computers under"
        mono
        autoComplete="off"
        spellCheck={false}
        placeholder="OU=Session hosts,DC=corp,DC=example"
        help="The distinguished name of an OU: computer accounts there and below are meant. An agent reads where they stand from the directory."
        value={under}
        onChange={(event) => setUnder(event.target.value)}
        error={fieldError(refusal, "under")}
      />
      <CheckField
        label="Only those with a Remote Desktop service name (TERMSRV)"
        help="Nearly every Windows computer that takes remote desktop connections has that name, workstations too. It leaves other servers of the OU out; by itself it is no sign of a shared host."
        checked={remoteDesktopOnly}
        onChange={(event) => setOnly(event.target.checked)}
      />
      {wideness === null ? null : (
        <Notice tone="warn" title="More than you may mean">
          <p>{wideness}</p>
        </Notice>
      )}
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
