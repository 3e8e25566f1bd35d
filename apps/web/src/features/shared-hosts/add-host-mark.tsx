"use client";

import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import { HostMarkForm } from "./host-mark-form.tsx";

/** Marks computers as shared hosts by their place in the directory: their addresses may change. */
export function AddHostMark({ open, onClose }: { open: boolean; onClose: () => void }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const add = useMutation(
    trpc.hostMarks.add.mutationOptions({
      onSuccess: async (added) => {
        say(`Marked the computers under ${added.under}. Agents obey within seconds.`);
        onClose();
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  return (
    <FormDrawer
      open={open}
      saving={add}
      onClose={onClose}
      title="Mark computers"
      description="Terminal servers and kiosks, by where their accounts stand in the directory: the mark goes with them to whatever address they have."
      formId="add-host-mark"
      submitLabel="Mark"
    >
      <HostMarkForm
        formId="add-host-mark"
        initial={null}
        refusal={add.isError ? refusalOf(add.error) : null}
        onSubmit={(input) => add.mutate({ customer: customer.slug, ...input })}
      />
    </FormDrawer>
  );
}
