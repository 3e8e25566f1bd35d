"use client";

import { Button } from "@rollcall/ui/button";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { Dash, Mono, PageBody, PageHead, Panel } from "@rollcall/ui/layout";
import { Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { parseAsBoolean, parseAsString, useQueryStates } from "nuqs";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useSiteFilter } from "~/features/sites/site-filter.ts";
import { sourceColumns } from "~/features/sources/lead-columns.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { shareInWords, sourceCounts } from "./source-counters.ts";
import { type BaseConfigurations, emptySource, SourceForm, sourceFields } from "./source-form.tsx";

/** Who sends logs to this customer's agents, how well they are read, and who sends without being asked. */
export function SyslogSources({
  initial,
  sites,
  bases,
}: {
  initial: Outputs["syslog"]["list"];
  sites: Outputs["sites"]["list"]["items"];
  bases: BaseConfigurations;
}) {
  const customer = useCustomer();
  const router = useRouter();
  const trpc = useTRPC();
  const mayWrite = useMay("source:write");
  const [url, setUrl] = useQueryStates({
    add: parseAsBoolean.withDefault(false),
    sender: parseAsString.withDefault(""),
  });
  const input = { customer: customer.slug };
  const query = useQuery(trpc.syslog.list.queryOptions(input, { ...LIVE, initialData: initial }));
  const unknown = useQuery(trpc.syslog.unknownSenders.queryOptions(input, { ...LIVE, retry: false }));
  const site = useSiteFilter(sites);
  const { items } = query.data;
  const rows = items.filter((row) => site.includes(row.site.id));
  const add = useAddSyslogSource((id) => router.push(`/c/${customer.slug}/syslog/${id}`));

  const addButton = mayWrite ? (
    <Button variant="primary" onClick={() => void setUrl({ add: true, sender: null })}>
      Add syslog source
    </Button>
  ) : undefined;

  return (
    <>
      <PageHead
        title="Syslog sources"
        summary={`${items.filter((row) => row.health.state === "ok").length} of ${items.length} answering`}
        actions={items.length === 0 ? undefined : addButton}
      />
      <div className="px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Syslog sources" />
      </div>
      {items.length === 0 ? (
        <EmptyState title="No syslog source yet" action={addButton}>
          VPN gateways, wireless controllers, RADIUS servers and domain controllers say in their logs who came
          and went. Point one of them at an agent of {customer.name}; it appears below as an unknown sender,
          and you accept it.
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyFilter action={<Button onClick={site.clear}>All sites</Button>}>
          No syslog source at {site.name}.
        </EmptyFilter>
      ) : (
        <SourceTable rows={rows} slug={customer.slug} />
      )}
      <div className="pt-6">
        <PageBody>
          <UnknownSenders
            rows={unknown.data?.items ?? []}
            onAccept={mayWrite ? (sender) => void setUrl({ add: true, sender }) : undefined}
          />
        </PageBody>
      </div>
      <FormDrawer
        open={url.add && mayWrite}
        saving={add}
        onClose={() => void setUrl({ add: null, sender: null })}
        title={url.sender === "" ? "Add syslog source" : `Accept ${url.sender}`}
        formId="add-source"
        submitLabel="Add source"
        alsoBusy={add.isSuccess}
      >
        <SourceForm
          formId="add-source"
          isNew
          initial={emptySource(sites[0]?.id ?? "", customer.adDomain, url.sender)}
          sites={sites}
          bases={bases}
          refusal={add.isError ? refusalOf(add.error) : null}
          onSubmit={(values) =>
            add.mutate({
              customer: customer.slug,
              siteId: values.siteId,
              ...sourceFields(values, bases),
              baseConfiguration: values.baseConfiguration === "" ? null : values.baseConfiguration,
            })
          }
        />
      </FormDrawer>
    </>
  );
}

/** Adds a source; used by this page and by the set-up. */
export function useAddSyslogSource(onAdded: (id: string) => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useMutation(
    trpc.syslog.add.mutationOptions({
      onSuccess: async (added) => {
        say(`Added ${added.name}. The agents of the site take it within seconds.`);
        onAdded(added.id);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
}

type SyslogRow = Outputs["syslog"]["list"]["items"][number];

function SourceTable({ rows, slug }: { rows: readonly SyslogRow[]; slug: string }) {
  return (
    <Table
      caption="Syslog sources"
      rows={rows}
      rowKey={(row) => row.id}
      rowTestId="source-row"
      columns={[
        ...sourceColumns<SyslogRow>({
          header: "Source",
          nameWidth: "20%",
          saysWidth: "24%",
          open: { href: (row) => `/c/${slug}/syslog/${row.id}` },
        }),
        { key: "site", header: "Site", cell: (row) => row.site.name },
        {
          key: "senders",
          header: "Senders",
          phone: "line",
          cell: (row) => <Mono>{row.senders.join(", ")}</Mono>,
        },
        {
          key: "rules",
          header: "Rules",
          align: "end",
          cell: (row) =>
            row.sequenceCount === 0 ? <span className="text-warn-ink">none</span> : row.sequenceCount,
        },
        {
          key: "lines",
          header: "Lines",
          align: "end",
          cell: (row) => sourceCounts(row.counters).lines?.toLocaleString("en-GB") ?? <Dash />,
        },
        {
          key: "matched",
          header: "Matched",
          align: "end",
          cell: (row) => {
            const share = sourceCounts(row.counters).matchedShare;
            return share === null ? <Dash /> : shareInWords(share);
          },
        },
        {
          key: "last",
          header: "Last line",
          align: "end",
          cell: (row) => <TimeAgo at={row.lastActivityAt} />,
        },
      ]}
    />
  );
}

export function UnknownSenders({
  rows,
  onAccept,
}: {
  rows: Outputs["syslog"]["unknownSenders"]["items"];
  onAccept: ((sender: string) => void) | undefined;
}) {
  return (
    <Panel title={<>Unknown senders</>} flush>
      {rows.length === 0 ? (
        <p className="px-4 py-3 text-sm text-ink-2">
          Nobody sends without being known. A device that is pointed at an agent appears here with its first
          line.
        </p>
      ) : (
        <Table
          caption="Who sends lines that no source takes"
          inset
          rows={rows}
          rowKey={(row) => `${row.agent.id} ${row.sender} ${row.transport}`}
          rowTestId="unknown-sender"
          columns={[
            { key: "sender", header: "Sender", phone: "lead", cell: (row) => <Mono>{row.sender}</Mono> },
            { key: "over", header: "Over", cell: (row) => row.transport.toUpperCase() },
            { key: "agent", header: "At agent", cell: (row) => row.agent.name },
            { key: "lines", header: "Lines", align: "end", cell: (row) => row.lines.toLocaleString("en-GB") },
            { key: "last", header: "Last", cell: (row) => <TimeAgo at={row.lastAt} /> },
            {
              key: "sample",
              header: "A line",
              width: "40%",
              phone: "line",
              phoneLabel: "",
              cell: (row) =>
                row.sample === null ? (
                  <span className="text-ink-3">hidden: your role does not see lines</span>
                ) : (
                  <span className="line-clamp-2 font-mono text-xs break-all" title={row.sample}>
                    {row.sample}
                  </span>
                ),
            },
            {
              key: "do",
              header: "Actions",
              headerHidden: true,
              align: "end",
              phoneLabel: "",
              cell: (row) =>
                onAccept === undefined ? null : (
                  <Button
                    size="small"
                    variant="primary"
                    aria-label={`Accept ${row.sender}`}
                    onClick={() => onAccept(row.sender)}
                  >
                    Accept
                  </Button>
                ),
            },
          ]}
        />
      )}
    </Panel>
  );
}
