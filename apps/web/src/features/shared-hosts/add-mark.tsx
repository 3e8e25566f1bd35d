"use client";

import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import { MarkForm, type MarkSpace } from "./mark-form.tsx";

/** Marks addresses as a shared host or a translated network; used by its own page and where an address is explained. */
export function AddMark({
  open,
  range,
  spaces,
  onClose,
}: {
  open: boolean;
  range?: string;
  spaces: readonly MarkSpace[];
  onClose: () => void;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const add = useMutation(
    trpc.marks.add.mutationOptions({
      onSuccess: async (added) => {
        say(`Marked ${added.range}. Agents obey within seconds.`);
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
      title="Mark addresses"
      description="Where more than one person is behind an address, the last one to log on is no answer."
      formId="add-mark"
      submitLabel="Mark"
    >
      <MarkForm
        formId="add-mark"
        initial={null}
        {...(range === undefined ? {} : { range })}
        spaces={spaces}
        refusal={add.isError ? refusalOf(add.error) : null}
        onSubmit={(input) => add.mutate({ customer: customer.slug, ...input })}
      />
    </FormDrawer>
  );
}
