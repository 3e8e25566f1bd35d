"use client";

import { Button } from "@rollcall/ui/button";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { Mono, PageHead } from "@rollcall/ui/layout";
import { StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { parseAsBoolean, useQueryState } from "nuqs";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useSiteFilter } from "~/features/sites/site-filter.ts";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { PointForm } from "./point-form.tsx";
import { EMPTY_POINT, newPointFields } from "./point-values.ts";
import { askingWord, lastAsked } from "./point-words.ts";
import { useAddPoint } from "./use-add-point.ts";

/** The firewalls of a customer that ask who is behind an address. */
export function Points({
  initial,
  sites,
}: {
  initial: Outputs["points"]["list"];
  sites: Outputs["sites"]["list"]["items"];
}) {
  const customer = useCustomer();
  const router = useRouter();
  const trpc = useTRPC();
  const mayWrite = useMay("point:write");
  const [adding, setAdding] = useQueryState("add", parseAsBoolean.withDefault(false));
  const query = useQuery(
    trpc.points.list.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: initial }),
  );
  const site = useSiteFilter(sites);
  const { items } = query.data;
  const rows = items.filter((row) => site.includes(row.site?.id ?? null));
  const add = useAddPoint((id) => router.push(`/c/${customer.slug}/enforcement/${id}`));
  const addButton = mayWrite ? (
    <Button variant="primary" onClick={() => void setAdding(true)}>
      Add firewall
    </Button>
  ) : undefined;
  return (
    <>
      <PageHead
        title="Enforcement points"
        summary={`${items.filter((row) => row.health.state === "ok").length} of ${items.length} asking${items.some((row) => row.pushedFrom !== null) ? " or posted to" : ""}`}
        actions={items.length === 0 ? undefined : addButton}
      />
      <div className="px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Enforcement points" />
      </div>
      {items.length === 0 ? (
        <EmptyState title="No firewall yet" action={addButton}>
          An enforcement point is a firewall that asks who is behind an address. Add it with its address; you
          get the Junos lines to paste, and this page turns when it asks for the first time.
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyFilter action={<Button onClick={site.clear}>All sites</Button>}>
          No firewall at {site.name}.
        </EmptyFilter>
      ) : (
        <Table
          caption="Enforcement points"
          rows={rows}
          rowKey={(row) => row.id}
          rowTestId="point-row"
          columns={[
            {
              key: "name",
              header: "Firewall",
              phone: "lead",
              width: "18%",
              cell: (row) => (
                <Link
                  href={`/c/${customer.slug}/enforcement/${row.id}`}
                  className="rounded-sm font-semibold hover:text-accent hover:underline"
                >
                  {row.name}
                </Link>
              ),
            },
            {
              key: "health",
              header: "Health",
              phoneLabel: "",
              cell: (row) => (
                <StateChip
                  state={row.health.state}
                  word={row.pushedFrom === null ? askingWord(row.health.state) : undefined}
                />
              ),
            },
            {
              key: "what",
              header: "What it says",
              width: "26%",
              phone: "line",
              phoneLabel: "",
              cell: (row) => <span className="text-ink-2">{row.health.sentence}</span>,
            },
            {
              key: "from",
              header: "Asks from",
              phone: "line",
              cell: (row) =>
                row.pushedFrom !== null ? (
                  <span className="text-ink-2">posted to by the {row.pushedFrom}</span>
                ) : row.sourceAddresses.length === 0 ? (
                  <span className="text-warn-ink">anywhere</span>
                ) : (
                  <Mono>{row.sourceAddresses.join(", ")}</Mono>
                ),
            },
            { key: "client", header: "Client id", phone: "hide", cell: (row) => <Mono>{row.clientId}</Mono> },
            {
              key: "asked",
              header: "Last asked",
              align: "end",
              cell: (row) => <TimeAgo at={lastAsked(row)} />,
            },
            {
              key: "sent",
              header: "Entries sent",
              align: "end",
              cell: (row) => row.entriesSent.toLocaleString("en-GB"),
            },
            {
              key: "refused",
              header: "Refused",
              align: "end",
              cell: (row) =>
                row.refused === 0 ? (
                  0
                ) : (
                  <span className="text-bad-ink">{row.refused.toLocaleString("en-GB")}</span>
                ),
            },
          ]}
        />
      )}
      <FormDrawer
        open={adding && mayWrite}
        saving={add}
        onClose={() => void setAdding(null)}
        title="Add firewall"
        description="Client id and secret are made for it. The next page shows the lines to paste."
        formId="add-point"
        submitLabel="Create"
        alsoBusy={add.isSuccess}
      >
        <PointForm
          formId="add-point"
          isNew
          initial={EMPTY_POINT}
          sites={sites}
          refusal={add.isError ? refusalOf(add.error) : null}
          onSubmit={(values) => add.mutate({ customer: customer.slug, ...newPointFields(values) })}
        />
      </FormDrawer>
    </>
  );
}
