"use client";

import { Button } from "@rollcall/ui/button";
import { Drawer } from "@rollcall/ui/drawer";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { Dash, KeyValue, Mono, PageHead } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsBoolean, parseAsString, useQueryStates } from "nuqs";
import { useState } from "react";
import { TestRun } from "~/features/commands/test-run.tsx";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { RemoveDialog } from "~/features/form/remove-dialog.tsx";
import { useFetchOvertaken } from "~/features/form/use-editing.ts";
import { useKept } from "~/features/form/use-kept.ts";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useSiteFilter } from "~/features/sites/site-filter.ts";
import { sourceColumns } from "~/features/sources/lead-columns.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { EventCounters, spanInWords } from "./event-counters.tsx";
import { channelOf, type EventSource, kindLabel } from "./event-kinds.ts";
import {
  type Credential,
  EventSourceForm,
  emptyEventSource,
  eventSourceFields,
  eventSourceValues,
} from "./event-source-form.tsx";

type Site = Outputs["sites"]["list"]["items"][number];

/** Windows event logs of a customer: the domain controllers' first of all. */
export function EventSources({
  initial,
  sites,
  credentials,
}: {
  initial: Outputs["eventSources"]["list"];
  sites: readonly Site[];
  credentials: readonly Credential[];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("source:write");
  const [url, setUrl] = useQueryStates({
    id: parseAsString,
    add: parseAsBoolean.withDefault(false),
    edit: parseAsBoolean.withDefault(false),
  });
  const query = useQuery(
    trpc.eventSources.list.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: initial }),
  );
  // Whether a login is paused changes while the page is open.
  const logins = useQuery(trpc.credentials.list.queryOptions({ customer: customer.slug }, LIVE));
  const { items } = query.data;
  const site = useSiteFilter(sites);
  const rows = items.filter((row) => site.includes(row.site.id));
  const found = items.find((row) => row.id === url.id) ?? null;
  const open = useKept(found, { id: url.id, isEditing: url.edit });
  const addButton = !mayWrite ? undefined : credentials.length === 0 ? (
    <Link
      className="rounded-sm text-sm font-semibold text-accent hover:underline"
      href={`/c/${customer.slug}/credentials?add=true`}
    >
      Add a credential first
    </Link>
  ) : (
    <Button variant="primary" onClick={() => void setUrl({ add: true, id: null })}>
      Add event log
    </Button>
  );
  return (
    <>
      <PageHead
        title="Event logs"
        summary={`${items.filter((row) => row.health.state === "ok").length} of ${items.length} answering`}
        actions={items.length === 0 ? undefined : addButton}
      />
      <div className="px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Event logs" />
      </div>
      {items.length === 0 ? (
        <EmptyState
          title="No event log yet"
          action={addButton}
          secondary={
            <Link
              className="rounded-sm text-sm text-accent hover:underline"
              href={`/c/${customer.slug}/handover`}
            >
              Hand-over pack
            </Link>
          }
        >
          Domain controllers write down who logs on from where. The agent reads their logs over the network,
          with an account that is in Event Log Readers and nothing more; Exchange servers and event collectors
          are read alike.
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyFilter action={<Button onClick={site.clear}>All sites</Button>}>
          No event log at {site.name}.
        </EmptyFilter>
      ) : (
        <Table
          caption="Event logs"
          rows={rows}
          rowKey={(row) => row.id}
          rowTestId="event-source-row"
          isSelected={(row) => row.id === url.id}
          columns={[
            ...sourceColumns<EventSource>({
              header: "Event log",
              nameWidth: "16%",
              saysWidth: "26%",
              open: { onOpen: (row) => void setUrl({ id: row.id, add: null, edit: null }) },
            }),
            { key: "kind", header: "Server", cell: (row) => kindLabel(row.kind) },
            { key: "host", header: "Host", phone: "line", cell: (row) => <Mono>{row.host}</Mono> },
            { key: "site", header: "Site", phone: "hide", cell: (row) => row.site.name },
            {
              key: "events",
              header: "Events",
              align: "end",
              cell: (row) => row.counters.received?.toLocaleString("en-GB") ?? <Dash />,
            },
            {
              key: "matched",
              header: "Say who",
              align: "end",
              cell: (row) => row.counters.matched?.toLocaleString("en-GB") ?? <Dash />,
            },
            {
              key: "lag",
              header: "Lag",
              align: "end",
              phone: "hide",
              cell: (row) => (row.counters.lagMs === undefined ? <Dash /> : spanInWords(row.counters.lagMs)),
            },
            {
              key: "last",
              header: "Last event",
              align: "end",
              cell: (row) => <TimeAgo at={row.lastActivityAt} />,
            },
          ]}
        />
      )}
      <EventSourceDrawer
        source={open}
        editing={url.edit}
        onEdit={() => void setUrl({ edit: true })}
        onClose={() => void setUrl({ id: null, edit: null })}
        sites={sites}
        credentials={logins.data?.items ?? credentials}
      />
      <AddEventSource
        open={url.add && mayWrite}
        sites={sites}
        credentials={credentials}
        onClose={() => void setUrl({ add: null })}
        onAdded={(id) => void setUrl({ add: null, id })}
      />
    </>
  );
}

function AddEventSource({
  open,
  sites,
  credentials,
  onClose,
  onAdded,
}: {
  open: boolean;
  sites: readonly Site[];
  credentials: readonly Credential[];
  onClose: () => void;
  onAdded: (id: string) => void;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const add = useMutation(
    trpc.eventSources.add.mutationOptions({
      onSuccess: async (added) => {
        say(`Added ${added.name}. The agents of the site take it within seconds.`);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
        onAdded(added.id);
      },
    }),
  );
  return (
    <FormDrawer
      open={open}
      saving={add}
      onClose={onClose}
      title="Add event log"
      formId="add-event-source"
      submitLabel="Save and test"
    >
      <EventSourceForm
        formId="add-event-source"
        isNew
        initial={emptyEventSource(sites[0]?.id ?? "", credentials[0]?.id ?? "")}
        sites={sites}
        credentials={credentials}
        refusal={add.isError ? refusalOf(add.error) : null}
        onSubmit={(values) =>
          add.mutate({ customer: customer.slug, siteId: values.siteId, ...eventSourceFields(values) })
        }
      />
    </FormDrawer>
  );
}

function EventSourceDrawer({
  source,
  editing,
  onEdit,
  onClose,
  sites,
  credentials,
}: {
  source: EventSource | null;
  editing: boolean;
  onEdit: () => void;
  onClose: () => void;
  sites: readonly Site[];
  credentials: readonly Credential[];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayWrite = useMay("source:write");
  const mayTest = useMay("source:test");
  const [removing, setRemoving] = useState(false);
  const fetchOvertaken = useFetchOvertaken();
  const update = useMutation(
    trpc.eventSources.update.mutationOptions({
      onError: fetchOvertaken,
      onSuccess: async (saved) => {
        say(`Saved ${saved.name}.`);
        onClose();
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  const remove = useMutation(
    trpc.eventSources.remove.mutationOptions({
      onSuccess: async () => {
        say("Removed the event log.");
        setRemoving(false);
        onClose();
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  if (source !== null && editing && mayWrite)
    return (
      <FormDrawer
        open
        saving={update}
        onClose={onClose}
        title={`Edit ${source.name}`}
        formId="edit-event-source"
        submitLabel="Save"
      >
        <EventSourceForm
          formId="edit-event-source"
          isNew={false}
          initial={eventSourceValues(source)}
          version={source.version}
          isSaving={update.isPending}
          sites={sites}
          credentials={credentials}
          refusal={update.isError ? refusalOf(update.error) : null}
          onSubmit={(values, version) =>
            update.mutate({
              customer: customer.slug,
              id: source.id,
              version: version ?? undefined,
              changes: eventSourceFields(values),
            })
          }
        />
      </FormDrawer>
    );
  const switched = source === null ? 0 : source.rulesOff.length + source.rulesOn.length;
  return (
    <>
      <Drawer
        open={source !== null}
        onOpenChange={(next) => {
          if (!next) onClose();
        }}
        title={source?.name ?? ""}
        description={source?.health.sentence}
      >
        {source === null ? null : (
          <div className="flex flex-col gap-5">
            {mayWrite ? (
              <div className="flex flex-wrap gap-2">
                <Button onClick={onEdit}>Edit</Button>
                <Button variant="danger" onClick={() => setRemoving(true)}>
                  Remove
                </Button>
              </div>
            ) : null}
            {credentials.find(({ id }) => id === source.credential.id)?.state === "paused" ? (
              <Notice
                tone="bad"
                title={`${source.credential.name} is paused`}
                action={
                  <Link
                    className="rounded-sm font-semibold hover:underline"
                    href={`/c/${customer.slug}/credentials?id=${source.credential.id}`}
                  >
                    See the credential
                  </Link>
                }
              >
                It was refused, or may have been, and is not tried now: the credential says why and what to
                do.
              </Notice>
            ) : null}
            {mayTest ? (
              <TestRun
                key={source.id}
                source={{ kind: "event-log", id: source.id }}
                auto={source.health.state === "never"}
                label="Test now"
              />
            ) : null}
            <KeyValue
              rows={[
                { key: "Health", value: <StateChip state={source.health.state} /> },
                { key: "Server", value: kindLabel(source.kind) },
                { key: "Host", value: <Mono>{source.host}</Mono> },
                { key: "Log", value: <Mono>{channelOf(source)}</Mono> },
                {
                  key: "Credential",
                  value: (
                    <Link
                      className="rounded-sm text-accent hover:underline"
                      href={`/c/${customer.slug}/credentials?id=${source.credential.id}`}
                    >
                      {source.credential.name}
                    </Link>
                  ),
                },
                { key: "Query", value: source.query === null ? "the standard one" : "one of its own" },
                { key: "Rules", value: switched === 0 ? "as they are" : `${switched} switched` },
                { key: "Catch up", value: `${source.catchUpMinutes.toLocaleString("en-GB")} min` },
                { key: "A session lasts", value: `${source.lifetimeMinutes.toLocaleString("en-GB")} min` },
                { key: "Site", value: source.site.name },
                { key: "Last event", value: <TimeAgo at={source.lastActivityAt} /> },
              ]}
            />
            <EventCounters counters={source.counters} testId="event-counters" />
          </div>
        )}
      </Drawer>
      <RemoveDialog
        open={removing && source !== null}
        title={`Remove ${source?.name ?? ""}?`}
        what="event log"
        removal={remove}
        onConfirm={() => {
          if (source !== null) remove.mutate({ customer: customer.slug, id: source.id });
        }}
        onClose={() => setRemoving(false)}
      >
        <p>
          Agents stop reading it within seconds. Who it named stays until he expires or another source says
          otherwise. Added again, it is read anew from its catch-up time.
        </p>
      </RemoveDialog>
    </>
  );
}
