import { Button } from "@rollcall/ui/button";
import { FormErrors } from "@rollcall/ui/field";
import type { Refusal } from "~/trpc/refusal.ts";

/** The end of a part: what went wrong, and a button that is there once something has changed. */
export function SaveBar({
  isChanged,
  isSaving,
  refusal,
  what,
  onReset,
}: {
  isChanged: boolean;
  isSaving: boolean;
  refusal: Refusal | null;
  /** Heard after "Save": tells the buttons of one page apart. */
  what: string;
  onReset: () => void;
}) {
  return (
    <>
      <FormErrors title="Not saved" items={refusal === null ? [] : [refusal.message]} />
      {isChanged ? (
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" busy={isSaving}>
            Save {what}
          </Button>
          <Button onClick={onReset}>Leave as it was</Button>
        </div>
      ) : null}
    </>
  );
}
