"use client";

import { ConfirmDialog } from "@rollcall/ui/dialog";
import { ChoiceField } from "@rollcall/ui/field";
import { say } from "@rollcall/ui/toast";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { fieldError, refusalOf } from "~/trpc/refusal.ts";
import { ModeFields, modeInput, SUPPRESS } from "./mark-fields.tsx";
import { type Suggestion, subjectOf } from "./suggestion-words.ts";

/** Says what approving does to live traffic, and asks for the one choice that it needs. */
export function ApproveSuggestion({
  suggestion,
  onClose,
  onSaved,
}: {
  suggestion: Suggestion | null;
  onClose: () => void;
  onSaved: () => Promise<void>;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const [match, setMatch] = useState("account");
  const [mode, setMode] = useState(SUPPRESS);
  const reset = () => {
    approve.reset();
    setMatch("account");
    setMode(SUPPRESS);
    onClose();
  };
  const approve = useMutation(
    trpc.suggestions.approve.mutationOptions({
      onSuccess: async (saved) => {
        say(
          saved.made?.kind === "filter"
            ? `${subjectOf(saved)} names nobody any more.`
            : `${subjectOf(saved)} is marked.`,
        );
        reset();
        await onSaved();
      },
    }),
  );
  const refusal = approve.isError ? refusalOf(approve.error) : null;
  const ofUser = fieldError(refusal, "pseudoUser");
  const subject = suggestion === null ? "" : subjectOf(suggestion);
  const account = suggestion?.account ?? null;
  return (
    <ConfirmDialog
      open={suggestion !== null}
      onOpenChange={(open) => {
        if (!open) reset();
      }}
      tone="plain"
      title={account === null ? `Mark ${subject}?` : `Leave out ${subject}?`}
      confirmLabel={`Approve for ${customer.name}`}
      busy={approve.isPending}
      error={refusal === null || ofUser !== undefined ? undefined : refusal.message}
      onConfirm={() => {
        if (suggestion !== null)
          approve.mutate({
            customer: customer.slug,
            id: suggestion.id,
            match: match === "name" ? "name" : "account",
            ...modeInput(mode),
          });
      }}
    >
      {account === null ? (
        <>
          <p>
            More than one person is behind this address. Choose what firewalls are told of it. Undo takes the
            mark away again.
          </p>
          <ModeFields values={mode} onChange={setMode} refusal={refusal} />
        </>
      ) : (
        <>
          <p>
            It names nobody any more, so that whoever really sits there is not pushed aside; where it stands
            now, its sessions end. Undo takes the filter away again: it counts from its next logon on.
          </p>
          <ChoiceField
            label="The filter means"
            name="suggestion-match"
            value={match}
            onChange={setMatch}
            options={[
              { value: "account", label: `${subject} only` },
              {
                value: "name",
                label: `${account.name} in any domain`,
                help: "Where the same account exists in several domains.",
              },
            ]}
          />
        </>
      )}
    </ConfirmDialog>
  );
}
