"use client";

import { ConfirmDialog } from "@rollcall/ui/dialog";
import { ChoiceField, PasswordField, SelectField } from "@rollcall/ui/field";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { fieldError, refusalOf } from "~/trpc/refusal.ts";
import { forgetSecret, holdSecret } from "./held-secret.ts";
import type { Point } from "./point-values.ts";

/** Gives a firewall another client secret: one that we make, or one that somebody chose. */
export function RotateSecret({ point, open, onClose }: { point: Point; open: boolean; onClose: () => void }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [hours, setHours] = useState("24");
  const [how, setHow] = useState("made");
  const [chosen, setChosen] = useState("");
  const reset = () => {
    rotate.reset();
    setHow("made");
    // Typed secrets do not outlive the dialog.
    setChosen("");
    onClose();
  };
  const rotate = useMutation(
    trpc.points.rotateSecret.mutationOptions({
      onSuccess: async (rotated) => {
        if (rotated.clientSecret === null) {
          forgetSecret(point.id);
          say("The chosen secret is let in from now on.");
        } else {
          holdSecret(point.id, rotated.clientSecret);
          say("Made a new secret. It stands in the lines below.");
        }
        reset();
        await queryClient.invalidateQueries(trpc.points.pathFilter());
      },
    }),
  );
  const refusal = rotate.isError ? refusalOf(rotate.error) : null;
  const chosenError = fieldError(refusal, "chosen");
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        if (!next) reset();
      }}
      tone="plain"
      title={`Rotate the secret of ${point.name}?`}
      confirmLabel={`Rotate secret of ${customer.name}`}
      busy={rotate.isPending}
      error={refusal === null || chosenError !== undefined ? undefined : refusal.message}
      onConfirm={() =>
        rotate.mutate({
          customer: customer.slug,
          id: point.id,
          overlapHours: Number(hours),
          ...(how === "chosen" ? { chosen } : {}),
        })
      }
    >
      <p>
        {how === "made"
          ? "A new secret is made and shown once."
          : "The firewall is let in with the secret that you type. We keep a slow hash of it and cannot show it again."}{" "}
        Both work for a while, so that the firewall can be changed in peace.
      </p>
      <ChoiceField
        label="The new secret is"
        name="secret-origin"
        value={how}
        onChange={setHow}
        options={[
          { value: "made", label: "made by us", help: "40 random letters and digits: nobody guesses it." },
          {
            value: "chosen",
            label: "chosen by you",
            help: "For a firewall that has one already. At least 16 characters.",
          },
        ]}
      />
      {how === "chosen" ? (
        <PasswordField
          label="Secret"
          autoComplete="new-password"
          spellCheck={false}
          value={chosen}
          onChange={(event) => setChosen(event.target.value)}
          error={chosenError}
        />
      ) : null}
      <SelectField
        label="The old one goes on for"
        value={hours}
        onChange={(event) => setHours(event.target.value)}
        options={[
          { value: "0", label: "no longer: it ends now" },
          { value: "1", label: "1 hour" },
          { value: "24", label: "1 day" },
          { value: "72", label: "3 days" },
          { value: "168", label: "7 days" },
        ]}
      />
    </ConfirmDialog>
  );
}
