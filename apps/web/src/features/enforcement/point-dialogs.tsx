"use client";

import { ConfirmDialog } from "@rollcall/ui/dialog";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { PointForm } from "./point-form.tsx";
import { type Point, pointFields, pointValues } from "./point-values.ts";

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
