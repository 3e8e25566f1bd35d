"use client";

import { Button } from "@rollcall/ui/button";
import { FormErrors } from "@rollcall/ui/field";
import { Notice } from "@rollcall/ui/notice";
import type { Editing } from "./use-editing.ts";

/** At the top of a form: why it was not saved, and what somebody else has saved meanwhile. */
export function FormState({
  editing: { refusal, isOvertaken, both, load },
}: {
  editing: Pick<Editing<object>, "refusal" | "isOvertaken" | "both" | "load">;
}) {
  const isRefused = refusal?.reason === "changed-meanwhile";
  return (
    <>
      <FormErrors title="Not saved" items={refusal === null ? [] : [refusal.message]} />
      {isOvertaken ? (
        <Notice
          tone="warn"
          live
          title={isRefused ? undefined : "Somebody changed this while you were editing"}
          action={
            <Button size="small" onClick={load}>
              Load it again
            </Button>
          }
        >
          Loading it again keeps what you typed, and shows in the other fields what is saved now.
        </Notice>
      ) : both === null ? null : (
        <Notice tone="info" live title="Loaded again">
          {both.length === 0
            ? "What you typed is still here. Check it, then save."
            : "What you typed is still here. Where somebody else saved something else in the same field, it is marked: yours is taken when you save."}
        </Notice>
      )}
    </>
  );
}
