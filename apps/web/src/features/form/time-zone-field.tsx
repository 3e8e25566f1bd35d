"use client";

import { TextField, type TextFieldProps } from "@rollcall/ui/field";
import { useId } from "react";

const ZONES: readonly string[] =
  typeof Intl.supportedValuesOf === "function" ? ["UTC", ...Intl.supportedValuesOf("timeZone")] : ["UTC"];

/** A time zone by its IANA name, with suggestions while typing. */
export function TimeZoneField(props: Omit<TextFieldProps, "list">) {
  const id = useId();
  return (
    <>
      <TextField {...props} list={id} autoComplete="off" spellCheck={false} />
      <datalist id={id}>
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

/** The zone of this browser; UTC where it does not say. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
