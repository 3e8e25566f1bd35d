"use client";

import { Button } from "@rollcall/ui/button";
import { EmptyFilter } from "@rollcall/ui/empty-state";
import { Dash, KeyValue, Mono, PageBody, PageHead, Section } from "@rollcall/ui/layout";
import { StateChip } from "@rollcall/ui/state";
import { TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import { TestRun } from "~/features/commands/test-run.tsx";
import { EventCounters } from "~/features/events/event-counters.tsx";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { RemoveDialog } from "~/features/form/remove-dialog.tsx";
import { useFetchOvertaken } from "~/features/form/use-editing.ts";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useSiteFilter } from "~/features/sites/site-filter.ts";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { ForwardingForm } from "./forwarding-form.tsx";
import { ForwardingSteps } from "./forwarding-steps.tsx";
import { emptyForwarding, forwardingFields, forwardingValues, type Receiver } from "./forwarding-values.ts";

type Site = Outputs["sites"]["list"]["items"][number];

/** Computers that forward their events to a site's agents, instead of being read. */
export function Forwarding({
  initial,
  sites,
}: {
  initial: Outputs["forwarding"]["list"];
  sites: readonly Site[];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayWrite = useMay("source:write");
  const [editing, setEditing] = useQueryState("edit", parseAsString);
  const query = useQuery(
    trpc.forwarding.list.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: initial }),
  );
  const { items, serverCaPem } = query.data;
  const filter = useSiteFilter(sites);
  const shown = sites.filter((site) => filter.includes(site.id));
  const edited = sites.find(({ id }) => id === editing);
  const editedReceiver = items.find((receiver) => receiver.site.id === editing);
  const fetchOvertaken = useFetchOvertaken();
  const set = useMutation(
    trpc.forwarding.set.mutationOptions({
      onError: fetchOvertaken,
      onSuccess: async (saved) => {
        say(`Saved. Agents of ${saved.site.name} listen within seconds.`);
        void setEditing(null);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  return (
    <>
      <PageHead
        title="Event forwarding"
        summary="Windows computers send their logon events to the agent themselves, over HTTPS and with their certificates. No login is needed, and no port opens at the computers."
      />
      <PageBody>
        <StaleNotice query={query} what="Event forwarding" />
        {shown.length === 0 ? (
          <EmptyFilter action={<Button onClick={filter.clear}>All sites</Button>}>
            There is no such site.
          </EmptyFilter>
        ) : null}
        {shown.map((site) => (
          <SiteForwarding
            key={site.id}
            site={site}
            receiver={items.find((receiver) => receiver.site.id === site.id) ?? null}
            serverCaPem={serverCaPem}
            canWrite={mayWrite}
            onEdit={() => void setEditing(site.id)}
          />
        ))}
      </PageBody>
      <FormDrawer
        open={edited !== undefined && mayWrite}
        saving={set}
        onClose={() => void setEditing(null)}
        title={`Event forwarding of ${edited?.name ?? ""}`}
        formId="set-forwarding"
        submitLabel="Save"
      >
        <ForwardingForm
          formId="set-forwarding"
          initial={
            editedReceiver === undefined
              ? emptyForwarding(customer.adDomain)
              : forwardingValues(editedReceiver)
          }
          version={editedReceiver?.version ?? null}
          isSaving={set.isPending}
          refusal={set.isError ? refusalOf(set.error) : null}
          onSubmit={(values, version) =>
            set.mutate({
              customer: customer.slug,
              siteId: edited?.id ?? "",
              version,
              ...forwardingFields(values),
            })
          }
        />
      </FormDrawer>
    </>
  );
}

function SiteForwarding({
  site,
  receiver,
  serverCaPem,
  canWrite,
  onEdit,
}: {
  site: Site;
  receiver: Receiver | null;
  serverCaPem: string;
  canWrite: boolean;
  onEdit: () => void;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayTest = useMay("source:test");
  const [removing, setRemoving] = useState(false);
  const remove = useMutation(
    trpc.forwarding.remove.mutationOptions({
      onSuccess: async () => {
        say("Removed event forwarding.");
        setRemoving(false);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  if (receiver === null)
    return (
      <Section
        title={site.name}
        summary="Computers of this site do not forward their events."
        tools={
          canWrite ? (
            <Button variant="primary" onClick={onEdit}>
              Set up forwarding
            </Button>
          ) : undefined
        }
      >
        <p className="max-w-[68ch] text-sm text-ink-2">
          Useful where workstations' own logons, unlocks and log-offs are to be known, which no domain
          controller sees.
        </p>
      </Section>
    );
  return (
    <Section
      title={site.name}
      summary={receiver.health.sentence}
      tools={
        canWrite ? (
          <div className="flex flex-wrap gap-2">
            <Button onClick={onEdit}>Edit</Button>
            <Button variant="danger" onClick={() => setRemoving(true)}>
              Remove
            </Button>
          </div>
        ) : undefined
      }
    >
      <KeyValue
        rows={[
          { key: "Health", value: <StateChip state={receiver.health.state} /> },
          { key: "Computers reach", value: <Mono>{`${receiver.host}:${receiver.port}`}</Mono> },
          {
            key: "May forward",
            value:
              receiver.allow.length === 0 ? (
                "any with a certificate of the CA"
              ) : (
                <Mono>{receiver.allow.join(", ")}</Mono>
              ),
          },
          { key: "Logs", value: <Mono>{receiver.channels.join(", ")}</Mono> },
          {
            key: "Last heard",
            value: receiver.lastActivityAt === null ? <Dash /> : <TimeAgo at={receiver.lastActivityAt} />,
          },
        ]}
      />
      {mayTest ? (
        <TestRun key={receiver.id} source={{ kind: "wef", id: receiver.id }} label="Test now" />
      ) : null}
      <EventCounters counters={receiver.counters} testId="forwarding-counters" />
      <ForwardingSteps receiver={receiver} serverCaPem={serverCaPem} />
      <RemoveDialog
        open={removing}
        title={`Remove event forwarding of ${site.name}?`}
        what="event forwarding"
        removal={remove}
        onConfirm={() => remove.mutate({ customer: customer.slug, siteId: site.id })}
        onClose={() => setRemoving(false)}
      >
        <p>
          Agents stop listening. Computers go on trying until the group policy is taken back; what they would
          have sent stays in their logs.
        </p>
      </RemoveDialog>
    </Section>
  );
}
