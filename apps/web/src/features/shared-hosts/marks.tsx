"use client";

import { Table } from "@rollcall/ui/table";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { RemoveDialog } from "~/features/form/remove-dialog.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import { markColumns } from "./mark-columns.tsx";
import { MarkForm } from "./mark-form.tsx";
import { MARK_WORDS, type Mark } from "./mark-words.ts";

/** The addresses that are marked, whoever decided so, and what firewalls are told of them. */
export function Marks({
  marks,
  showSpace,
  canWrite,
}: {
  marks: readonly Mark[];
  showSpace: boolean;
  canWrite: boolean;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [editing, setEditing] = useState<Mark | null>(null);
  const [removing, setRemoving] = useState<Mark | null>(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
  const update = useMutation(
    trpc.marks.update.mutationOptions({
      onSuccess: async () => {
        say("Saved the mark.");
        setEditing(null);
        await refresh();
      },
    }),
  );
  const remove = useMutation(
    trpc.marks.remove.mutationOptions({
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
        caption="Marked addresses, oldest first"
        rows={marks}
        rowKey={(row) => row.id}
        rowTestId="mark-row"
        columns={[
          {
            key: "range",
            header: "Addresses",
            phone: "lead",
            width: "22%",
            cell: (row) => (
              <span className="inline-flex flex-wrap items-center gap-x-2">
                <Link
                  className="rounded-sm font-mono hover:text-accent hover:underline"
                  href={`/c/${customer.slug}/who?q=${encodeURIComponent(row.range)}&show=all`}
                >
                  {row.range}
                </Link>
                {showSpace ? <span className="text-xs text-ink-3">{row.addressSpace.name}</span> : null}
              </span>
            ),
          },
          { key: "mark", header: "What is there", cell: (row) => MARK_WORDS[row.mark] },
          ...markColumns<Mark>({
            nameOf: (row) => row.range,
            onChange: canWrite ? setEditing : null,
            onRemove: canWrite ? setRemoving : null,
          }),
        ]}
      />
      <FormDrawer
        open={editing !== null}
        saving={update}
        onClose={() => setEditing(null)}
        title={`Change the mark of ${editing?.range ?? ""}`}
        formId="edit-mark"
        submitLabel="Save"
      >
        {editing === null ? null : (
          <MarkForm
            formId="edit-mark"
            initial={editing}
            spaces={[]}
            refusal={update.isError ? refusalOf(update.error) : null}
            onSubmit={(changes) => update.mutate({ customer: customer.slug, id: editing.id, changes })}
          />
        )}
      </FormDrawer>
      <RemoveDialog
        open={removing !== null}
        title={`Remove the mark of ${removing?.range ?? ""}?`}
        what="mark"
        removal={remove}
        onConfirm={() => {
          if (removing !== null) remove.mutate({ customer: customer.slug, id: removing.id });
        }}
        onClose={() => setRemoving(null)}
      >
        <p>
          From then on firewalls are told of whoever logged on there last, as at any other address. To take it
          back, mark it again.
        </p>
      </RemoveDialog>
    </>
  );
}
