"use client";

import { ConfirmDialog } from "@rollcall/ui/dialog";
import { SelectField } from "@rollcall/ui/field";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { holdSecret } from "./held-secret.ts";
import { type Point, PointForm, pointFields, pointValues } from "./point-form.tsx";

/** What can be done to a firewall, each in its own dialog. */
export function EditPoint({
  point,
  sites,
  open,
  onClose,
}: {
  point: Point;
  sites: Outputs["sites"]["list"]["items"];
  open: boolean;
  onClose: () => void;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const update = useMutation(
    trpc.points.update.mutationOptions({
      onSuccess: async (saved) => {
        say(`Saved ${saved.name}.`);
        onClose();
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  return (
    <FormDrawer
      open={open}
      onOpenChange={(next) => {
        if (!next) {
          update.reset();
          onClose();
        }
      }}
      title={`Edit ${point.name}`}
      formId="edit-point"
      submitLabel="Save"
      busy={update.isPending}
    >
      <PointForm
        formId="edit-point"
        isNew={false}
        initial={pointValues(point)}
        sites={sites}
        refusal={update.isError ? refusalOf(update.error) : null}
        onSubmit={(values) =>
          update.mutate({ customer: customer.slug, id: point.id, changes: pointFields(values) })
        }
      />
    </FormDrawer>
  );
}

export function RotateSecret({ point, open, onClose }: { point: Point; open: boolean; onClose: () => void }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [hours, setHours] = useState("24");
  const rotate = useMutation(
    trpc.points.rotateSecret.mutationOptions({
      onSuccess: async (made) => {
        holdSecret(point.id, made.clientSecret);
        say("Made a new secret. It stands in the lines below.");
        onClose();
        await queryClient.invalidateQueries(trpc.points.pathFilter());
      },
    }),
  );
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        if (!next) {
          rotate.reset();
          onClose();
        }
      }}
      tone="plain"
      title={`Rotate the secret of ${point.name}?`}
      confirmLabel={`Rotate secret of ${customer.name}`}
      busy={rotate.isPending}
      error={rotate.isError ? refusalOf(rotate.error).message : undefined}
      onConfirm={() => rotate.mutate({ customer: customer.slug, id: point.id, overlapHours: Number(hours) })}
    >
      <p>
        A new secret is made and shown once. Both work for a while, so that the firewall can be changed in
        peace.
      </p>
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

export function RemovePoint({ point, open, onClose }: { point: Point; open: boolean; onClose: () => void }) {
  const customer = useCustomer();
  const router = useRouter();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const remove = useMutation(
    trpc.points.remove.mutationOptions({
      onSuccess: async () => {
        say(`Removed ${point.name}.`);
        router.push(`/c/${customer.slug}/enforcement`);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey(), refetchType: "none" });
      },
    }),
  );
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        if (!next) {
          remove.reset();
          onClose();
        }
      }}
      title={`Remove ${point.name}?`}
      confirmLabel={`Remove firewall of ${customer.name}`}
      typeToConfirm={point.name}
      busy={remove.isPending}
      error={remove.isError ? refusalOf(remove.error).message : undefined}
      onConfirm={() => remove.mutate({ customer: customer.slug, id: point.id })}
    >
      <p>
        {point.entriesSent === 0
          ? "It was never told anything."
          : `It was told ${point.entriesSent.toLocaleString("en-GB")} entries so far.`}{" "}
        From now on agent and cloud refuse it; what it knows runs out there, and rules that name people stop
        matching.
      </p>
      <p>
        Its secrets are gone: this cannot be undone. On the firewall, take the lines back with the view
        “delete”.
      </p>
    </ConfirmDialog>
  );
}
