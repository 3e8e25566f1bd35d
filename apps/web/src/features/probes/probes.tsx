"use client";

import { Button } from "@rollcall/ui/button";
import { EmptyFilter } from "@rollcall/ui/empty-state";
import { Dash, Figures, KeyValue, Mono, PageBody, PageHead, Section } from "@rollcall/ui/layout";
import { StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { TestRun } from "~/features/commands/test-run.tsx";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { useFetchOvertaken } from "~/features/form/use-editing.ts";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useSiteFilter } from "~/features/sites/site-filter.ts";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { loginCounts } from "./probe-counters.ts";
import { type Credential, ProbeForm } from "./probe-form.tsx";
import { EMPTY_PROBE, type Probe, probeFields, probeValues } from "./probe-values.ts";

type Site = Outputs["sites"]["list"]["items"][number];

const METHOD_WORDS: Readonly<Record<Probe["methods"][number], string>> = {
  wmi: "WMI over DCOM",
  winrm: "WinRM",
};

/** Asking Windows computers who sits at them, site by site. Off until somebody asks for it. */
export function Probes({
  initial,
  sites,
  credentials,
}: {
  initial: Outputs["probes"]["list"];
  sites: readonly Site[];
  credentials: readonly Credential[];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayWrite = useMay("source:write");
  const [editing, setEditing] = useQueryState("edit", parseAsString);
  const query = useQuery(
    trpc.probes.list.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: initial }),
  );
  const { items } = query.data;
  const filter = useSiteFilter(sites);
  const shown = sites.filter((site) => filter.includes(site.id));
  const edited = sites.find(({ id }) => id === editing);
  const editedProbe = items.find((probe) => probe.site.id === editing);
  const fetchOvertaken = useFetchOvertaken();
  const set = useMutation(
    trpc.probes.set.mutationOptions({
      onError: fetchOvertaken,
      onSuccess: async (saved) => {
        say(saved.enabled ? `Saved. Computers of ${saved.site.name} are asked.` : "Saved. Nobody is asked.");
        void setEditing(null);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  return (
    <>
      <PageHead
        title="PC probe"
        summary="The agent asks a Windows computer who sits at it: where a firewall asks about an address nobody knows, and before a session ends by its age. Every computer that is asked sees the login."
      />
      <PageBody>
        <StaleNotice query={query} what="PC probes" />
        {shown.length === 0 ? (
          <EmptyFilter action={<Button onClick={filter.clear}>All sites</Button>}>
            There is no such site.
          </EmptyFilter>
        ) : null}
        {shown.map((site) => (
          <SiteProbe
            key={site.id}
            site={site}
            probe={items.find((probe) => probe.site.id === site.id) ?? null}
            canWrite={mayWrite}
            onEdit={() => void setEditing(site.id)}
          />
        ))}
      </PageBody>
      <FormDrawer
        open={edited !== undefined && mayWrite}
        saving={set}
        onClose={() => void setEditing(null)}
        title={`PC probe of ${edited?.name ?? ""}`}
        formId="set-probe"
        submitLabel="Save"
      >
        <ProbeForm
          formId="set-probe"
          initial={editedProbe === undefined ? EMPTY_PROBE : probeValues(editedProbe)}
          version={editedProbe?.version ?? null}
          isSaving={set.isPending}
          credentials={credentials}
          refusal={set.isError ? refusalOf(set.error) : null}
          onSubmit={(values, version) =>
            set.mutate({ customer: customer.slug, siteId: edited?.id ?? "", version, ...probeFields(values) })
          }
        />
      </FormDrawer>
    </>
  );
}

function SiteProbe({
  site,
  probe,
  canWrite,
  onEdit,
}: {
  site: Site;
  probe: Probe | null;
  canWrite: boolean;
  onEdit: () => void;
}) {
  const mayTest = useMay("source:test");
  const edit = canWrite ? (
    <Button variant={probe === null ? "primary" : undefined} onClick={onEdit}>
      {probe === null ? "Set up the probe" : "Edit"}
    </Button>
  ) : undefined;
  if (probe === null)
    return (
      <Section title={site.name} summary="Off: no computer of this site is asked." tools={edit}>
        {null}
      </Section>
    );
  return (
    <Section title={site.name} summary={probe.health.sentence} tools={edit}>
      <KeyValue
        rows={[
          { key: "Health", value: <StateChip state={probe.health.state} /> },
          {
            key: "May be asked",
            value: probe.include.length === 0 ? "nobody" : <Mono>{probe.include.join(", ")}</Mono>,
          },
          {
            key: "But not",
            value: probe.exclude.length === 0 ? <Dash /> : <Mono>{probe.exclude.join(", ")}</Mono>,
          },
          { key: "Ways to ask", value: probe.methods.map((method) => METHOD_WORDS[method]).join(", then ") },
          {
            key: "When",
            value:
              [
                probe.onUnknownAddress ? "a firewall asks about an unknown address" : null,
                probe.onEventWithoutUser ? "an event names a computer without a user" : null,
                probe.verifyAtExpiry ? "before a session ends by its age" : null,
              ]
                .filter((each) => each !== null)
                .join(", ") || "only when somebody asks for it",
          },
          { key: "A session lasts", value: `${probe.lifetimeMinutes.toLocaleString("en-GB")} minutes` },
          { key: "Last answer", value: <TimeAgo at={probe.lastActivityAt} /> },
        ]}
      />
      {probe.enabled && mayTest ? (
        <TestRun key={site.id} source={{ kind: "pc-probe", id: site.id }} label="Test now" />
      ) : null}
      {Object.keys(probe.counters).length === 0 ? null : (
        <Figures
          items={[
            {
              name: "Asked",
              value: (probe.counters.asked ?? 0).toLocaleString("en-GB"),
              detail: "computers",
            },
            {
              name: "Told who sits there",
              value: (probe.counters["answer.user"] ?? 0).toLocaleString("en-GB"),
            },
          ]}
        />
      )}
      {probe.credentials.length === 0 ? null : (
        <Table
          caption={`Logins of the probe of ${site.name}, in order`}
          rows={probe.credentials.map((credential, index) => ({
            ...credential,
            order: index + 1,
            counts: loginCounts(probe.counters, credential.id),
          }))}
          rowKey={(row) => row.id}
          rowTestId="probe-login-row"
          columns={[
            { key: "order", header: "Order", phone: "hide", cell: (row) => row.order },
            {
              key: "name",
              header: "Login",
              phone: "lead",
              cell: (row) => <span className="font-semibold">{row.name}</span>,
            },
            { key: "user", header: "Account", phone: "line", cell: (row) => <Mono>{row.user}</Mono> },
            {
              key: "answered",
              header: "Answered",
              align: "end",
              cell: (row) => row.counts.answered.toLocaleString("en-GB"),
            },
            {
              key: "refused",
              header: "Refused",
              align: "end",
              cell: (row) => row.counts.refused.toLocaleString("en-GB"),
            },
            {
              key: "denied",
              header: "No right to look",
              align: "end",
              cell: (row) => row.counts.denied.toLocaleString("en-GB"),
            },
            {
              key: "other",
              header: "Not reached or not tried",
              align: "end",
              cell: (row) => row.counts.other.toLocaleString("en-GB"),
            },
          ]}
        />
      )}
    </Section>
  );
}
