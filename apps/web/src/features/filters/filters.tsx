"use client";

import { Button } from "@rollcall/ui/button";
import { EmptyState } from "@rollcall/ui/empty-state";
import { FormErrors } from "@rollcall/ui/field";
import { Dash, Mono, PageBody, PageHead } from "@rollcall/ui/layout";
import { StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { parseAsBoolean, useQueryState } from "nuqs";
import { useState } from "react";
import { RemoveDialog } from "~/features/form/remove-dialog.tsx";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { AddFilter } from "./add-filter.tsx";
import { KINDS, kindLabel } from "./filter-kinds.ts";
import { TryBox } from "./try-box.tsx";
import type { Filter } from "./try-filters.ts";

/** What becomes a session and what does not, in the order in which it is decided. */
export function Filters({ initial }: { initial: Outputs["filters"]["list"] }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayWrite = useMay("filter:write");
  const [adding, setAdding] = useQueryState("add", parseAsBoolean.withDefault(false));
  const [removing, setRemoving] = useState<Filter | null>(null);
  const query = useQuery(
    trpc.filters.list.queryOptions({ customer: customer.slug }, { initialData: initial }),
  );
  const { items } = query.data;
  const ordered = [...items].sort(
    (a, b) =>
      KINDS.findIndex((each) => each.value === a.kind) - KINDS.findIndex((each) => each.value === b.kind),
  );
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
  const toggle = useMutation(
    trpc.filters.update.mutationOptions({
      onSuccess: async (saved) => {
        say(saved.enabled ? "Switched on." : "Switched off.");
        await refresh();
      },
    }),
  );
  const remove = useMutation(
    trpc.filters.remove.mutationOptions({
      onSuccess: async () => {
        say("Removed the filter.");
        setRemoving(null);
        await refresh();
      },
    }),
  );
  const addButton = mayWrite ? (
    <Button variant="primary" onClick={() => void setAdding(true)}>
      Add filter
    </Button>
  ) : undefined;

  return (
    <>
      <PageHead
        title="Filters"
        summary="Decided at receipt, top to bottom. What a firewall filters itself comes after, and only within what is left."
        actions={items.length === 0 ? undefined : addButton}
      />
      <div className="flex flex-col gap-3 px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Filters" />
        {toggle.isError ? <FormErrors title="Not changed" items={[refusalOf(toggle.error).message]} /> : null}
      </div>
      {items.length === 0 ? (
        <EmptyState title="Nothing is filtered" action={addButton}>
          Everyone a source names becomes a session, but for accounts of Windows and of products, which are
          always left out. Service accounts that log on everywhere are worth a filter.
        </EmptyState>
      ) : (
        <Table
          caption="Filters in the order in which they are decided"
          rows={ordered}
          rowKey={(row) => row.id}
          rowTestId="filter-row"
          columns={[
            {
              key: "kind",
              header: "Filter",
              phone: "lead",
              width: "22%",
              cell: (row) => <span className="font-semibold">{kindLabel(row.kind)}</span>,
            },
            {
              key: "value",
              header: "Value",
              phone: "line",
              phoneLabel: "",
              width: "30%",
              cell: (row) => <Mono>{row.value}</Mono>,
            },
            { key: "domain", header: "Domain", cell: (row) => row.domain ?? <Dash /> },
            {
              key: "note",
              header: "Why",
              phone: "line",
              width: "20%",
              cell: (row) => (row.note === "" ? <Dash /> : row.note),
            },
            {
              key: "state",
              header: "State",
              phoneLabel: "",
              cell: (row) => (
                <StateChip state={row.enabled ? "ok" : "off"} word={row.enabled ? "On" : "Off"} />
              ),
            },
            {
              key: "since",
              header: "Since",
              align: "end",
              phone: "hide",
              cell: (row) => <Time at={row.createdAt} />,
            },
            {
              key: "do",
              header: "Actions",
              headerHidden: true,
              align: "end",
              phoneLabel: "",
              cell: (row) =>
                mayWrite ? (
                  <span className="inline-flex gap-2">
                    <Button
                      size="small"
                      disabled={toggle.isPending}
                      aria-label={`${row.enabled ? "Switch off" : "Switch on"} ${row.value}`}
                      onClick={() =>
                        toggle.mutate({
                          customer: customer.slug,
                          id: row.id,
                          changes: { enabled: !row.enabled },
                        })
                      }
                    >
                      {row.enabled ? "Switch off" : "Switch on"}
                    </Button>
                    <Button
                      size="small"
                      variant="danger"
                      aria-label={`Remove ${row.value}`}
                      onClick={() => setRemoving(row)}
                    >
                      Remove
                    </Button>
                  </span>
                ) : null,
            },
          ]}
        />
      )}
      <div className="pt-6">
        <PageBody>
          <TryBox filters={items} />
        </PageBody>
      </div>
      <AddFilter
        open={adding && mayWrite}
        filters={items}
        onClose={() => void setAdding(null)}
        onSaved={refresh}
      />
      <RemoveDialog
        open={removing !== null}
        title={`Remove the filter ${removing?.value ?? ""}?`}
        what="filter"
        removal={remove}
        onConfirm={() => {
          if (removing !== null) remove.mutate({ customer: customer.slug, id: removing.id });
        }}
        onClose={() => setRemoving(null)}
      >
        <p>
          From the next event on, agents decide without it. Sessions that stand already are not touched. To
          take it back, add it again.
        </p>
      </RemoveDialog>
    </>
  );
}
