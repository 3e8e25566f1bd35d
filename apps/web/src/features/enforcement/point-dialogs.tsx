"use client";

import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { RemoveDialog } from "~/features/form/remove-dialog.tsx";
import { useFetchOvertaken } from "~/features/form/use-editing.ts";
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
  const fetchOvertaken = useFetchOvertaken();
  const update = useMutation(
    trpc.points.update.mutationOptions({
      onError: fetchOvertaken,
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
      saving={update}
      onClose={onClose}
      title={`Edit ${point.name}`}
      formId="edit-point"
      submitLabel="Save"
    >
      <PointForm
        formId="edit-point"
        isNew={false}
        initial={pointValues(point)}
        version={point.version}
        isSaving={update.isPending}
        ownVersion={update.data?.version}
        sites={sites}
        refusal={update.isError ? refusalOf(update.error) : null}
        onSubmit={(values, version) =>
          update.mutate({
            customer: customer.slug,
            id: point.id,
            version: version ?? undefined,
            changes: pointFields(values),
          })
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
    <RemoveDialog
      open={open}
      title={`Remove ${point.name}?`}
      what="firewall"
      typeToConfirm={point.name}
      removal={remove}
      onConfirm={() => remove.mutate({ customer: customer.slug, id: point.id })}
      onClose={() => onClose()}
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
    </RemoveDialog>
  );
}
