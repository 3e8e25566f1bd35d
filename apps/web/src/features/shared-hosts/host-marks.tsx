"use client";

import { Mono } from "@rollcall/ui/layout";
import { Table } from "@rollcall/ui/table";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { RemoveDialog } from "~/features/form/remove-dialog.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import { HostMarkForm } from "./host-mark-form.tsx";
import { type HostMark, narrowedInWords } from "./host-mark-words.ts";
import { markColumns } from "./mark-columns.tsx";

/** The computers that are marked by their place in the directory, and what firewalls are told of them. */
export function HostMarks({ marks, canWrite }: { marks: readonly HostMark[]; canWrite: boolean }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [editing, setEditing] = useState<HostMark | null>(null);
  const [removing, setRemoving] = useState<HostMark | null>(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
  const update = useMutation(
    trpc.hostMarks.update.mutationOptions({
      onSuccess: async () => {
        say("Saved the mark.");
        setEditing(null);
        await refresh();
      },
    }),
  );
  const remove = useMutation(
    trpc.hostMarks.remove.mutationOptions({
      onSuccess: async () => {
        say("Removed the mark.");
        setRemoving(null);
        await refresh();
      },
    }),
  );
  return (
    <>
      <Table
        caption="Marked computers, oldest first; the first that fits a computer counts"
        rows={marks}
        rowKey={(row) => row.id}
        rowTestId="host-mark-row"
        columns={[
          {
            key: "under",
            header: "Computers under",
            phone: "lead",
            width: "34%",
            cell: (row) => (
              <span>
                <Mono>{row.under}</Mono>
                {row.remoteDesktopOnly ? (
                  <span className="block text-xs text-ink-3">{narrowedInWords(row)}</span>
                ) : null}
              </span>
            ),
          },
          ...markColumns<HostMark>({
            nameOf: (row) => row.under,
            onChange: canWrite ? setEditing : null,
            onRemove: canWrite ? setRemoving : null,
          }),
        ]}
      />
      <FormDrawer
        open={editing !== null}
        saving={update}
        onClose={() => setEditing(null)}
        title="Change the mark of computers"
        formId="edit-host-mark"
        submitLabel="Save"
      >
        {editing === null ? null : (
          <HostMarkForm
            formId="edit-host-mark"
            initial={editing}
            refusal={update.isError ? refusalOf(update.error) : null}
            onSubmit={(changes) => update.mutate({ customer: customer.slug, id: editing.id, changes })}
          />
        )}
      </FormDrawer>
      <RemoveDialog
        open={removing !== null}
        title="Remove the mark of these computers?"
        what="mark"
        removal={remove}
        onConfirm={() => {
          if (removing !== null) remove.mutate({ customer: customer.slug, id: removing.id });
        }}
        onClose={() => setRemoving(null)}
      >
        <p>
          From then on firewalls are told of whoever logged on last at the computers under{" "}
          {removing === null ? "" : <Mono>{removing.under}</Mono>}, as at any other. To take it back, mark
          them again.
        </p>
      </RemoveDialog>
    </>
  );
}
