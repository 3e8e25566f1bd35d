"use client";

import { Button } from "@rollcall/ui/button";
import { TextAreaField } from "@rollcall/ui/field";

/** The query that a server filters with: the one of the rules that are on, or one of its own, and the way back. */
export function QueryField({
  value,
  standard,
  onChange,
  error,
}: {
  /** Empty: the standard one. */
  value: string;
  standard: string;
  onChange: (value: string) => void;
  error?: string | undefined;
}) {
  const shown = standard.replaceAll("><", ">\n<");
  const isStandard = value === "";
  return (
    <div className="flex flex-col gap-2">
      <TextAreaField
        label="Query"
        note={isStandard ? "the standard one, made of the rules above" : "one of your own"}
        mono
        rows={8}
        spellCheck={false}
        readOnly={isStandard}
        value={isStandard ? shown : value}
        onChange={(event) => onChange(event.target.value)}
        error={error}
        help={
          isStandard
            ? "The server sends what it matches and nothing else."
            : "It no longer follows the rules: an event that it leaves out never arrives."
        }
      />
      <div>
        {isStandard ? (
          <Button size="small" onClick={() => onChange(shown)}>
            Edit the query
          </Button>
        ) : (
          <Button size="small" onClick={() => onChange("")}>
            Back to the standard query
          </Button>
        )}
      </div>
    </div>
  );
}
