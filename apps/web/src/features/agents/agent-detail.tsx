"use client";

import { Button } from "@rollcall/ui/button";
import { CheckList } from "@rollcall/ui/check-list";
import { ConfirmDialog } from "@rollcall/ui/dialog";
import { FormErrors, TextAreaField } from "@rollcall/ui/field";
import { Dash, KeyValue, Mono, PageBody, PageHead, Panel } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { type State, StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time, TimeAgo, useFromNow } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { DoctorRun } from "~/features/commands/doctor-run.tsx";
import { entriesOf } from "~/features/form/entries.ts";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, refusalOf } from "~/trpc/refusal.ts";
import { agentChecks } from "./agent-checks.ts";
import { AgentChip } from "./agent-table-view.tsx";
import { countersInWords } from "./counters.ts";

type Agent = Outputs["agents"]["get"];

/** A listener's state in the one vocabulary of health. */
const LISTENER_STATES: Readonly<Record<"ok" | "degraded" | "broken" | "off", State>> = {
  ok: "ok",
  degraded: "warn",
  broken: "bad",
  off: "off",
};

/** One agent: how it is and why, what it reads, where it answers, how firewalls reach it. */
export function AgentDetail({ initial }: { initial: Agent }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayManage = useMay("agent:manage");
  const mayTest = useMay("source:test");
  const [revoking, setRevoking] = useState(false);
  const query = useQuery(
    trpc.agents.get.queryOptions(
      { customer: customer.slug, id: initial.id },
      { ...LIVE, initialData: initial },
    ),
  );
  const agent = query.data;
  const now = useFromNow((ms) => Math.floor(ms / 1000)) * 1000;
  const asOf = new Date(query.dataUpdatedAt);
  return (
    <>
      <PageHead
        eyebrow={
          <Link href={`/c/${customer.slug}/agents`} className="hover:text-accent hover:underline">
            Agents
          </Link>
        }
        title={agent.name}
        aside={
          <>
            {agent.hostname === null ? null : <Mono>{agent.hostname}</Mono>}
            <AgentChip row={agent} />
          </>
        }
        summary={
          <>
            {agent.health.sentence} <AsOf at={asOf} />
          </>
        }
        actions={
          mayManage && agent.state !== "revoked" ? (
            <Button variant="danger" onClick={() => setRevoking(true)}>
              Revoke agent
            </Button>
          ) : undefined
        }
      />
      <PageBody>
        <StaleNotice query={query} what={agent.name} />
        {agent.state === "locked" ? (
          <Notice tone="bad" title="Locked: another machine used this agent's identity">
            Nothing it sends is taken. Revoke it and enrol the server again with a new onboarding file.
          </Notice>
        ) : null}
        <div className="grid gap-5 xl:grid-cols-2">
          <Panel title="Health">
            <CheckList label="Health checks" checks={agentChecks(agent, now)} />
          </Panel>
          <Panel title="Agent">
            <KeyValue
              rows={[
                { key: "Site", value: agent.site.name },
                { key: "System", value: agent.os ?? <Dash /> },
                { key: "Version", value: agent.version === null ? <Dash /> : <Mono>{agent.version}</Mono> },
                {
                  key: "Connects from",
                  value: agent.sourceIp === null ? <Dash /> : <Mono>{agent.sourceIp}</Mono>,
                },
                { key: "Running since", value: <TimeAgo at={agent.startedAt} none="not reported yet" /> },
                { key: "Enrolled", value: <Time at={agent.enrolledAt} /> },
                {
                  key: "People it knows",
                  value: agent.sessions === null ? <Dash /> : agent.sessions.toLocaleString("en-GB"),
                },
              ]}
            />
          </Panel>
        </div>
        {mayTest && agent.state !== "revoked" ? (
          <Panel title="Examination">
            <DoctorRun agentId={agent.id} />
          </Panel>
        ) : null}
        <FirewallNames agent={agent} canEdit={mayManage && agent.state !== "revoked"} />
        <Panel title="Listeners" flush>
          <Table
            caption="Where the agent listens"
            inset
            rows={agent.listeners}
            rowKey={(row) => `${row.name} ${row.address}`}
            columns={[
              {
                key: "name",
                header: "Listener",
                phone: "lead",
                width: "24%",
                cell: (row) => <span className="font-semibold">{row.name}</span>,
              },
              { key: "address", header: "Address", width: "24%", cell: (row) => <Mono>{row.address}</Mono> },
              {
                key: "state",
                header: "State",
                phoneLabel: "",
                cell: (row) => (
                  <StateChip
                    state={LISTENER_STATES[row.state]}
                    word={row.state === "ok" ? "Open" : undefined}
                  />
                ),
              },
              {
                key: "sentence",
                header: "What it says",
                phone: "line",
                phoneLabel: "",
                cell: (row) => <span className="text-ink-2">{row.sentence}</span>,
              },
            ]}
          />
          {agent.listeners.length === 0 ? (
            <p className="px-4 py-3 text-sm text-ink-2">Not reported yet.</p>
          ) : null}
        </Panel>
        <Panel title="Sources it reads" flush>
          <Table
            caption="Sources"
            inset
            rows={agent.sources}
            rowKey={(row) => `${row.kind} ${row.id}`}
            columns={[
              {
                key: "name",
                header: "Source",
                phone: "lead",
                width: "24%",
                cell: (row) => (
                  <Link
                    href={
                      row.kind === "syslog"
                        ? `/c/${customer.slug}/syslog/${row.id}`
                        : `/c/${customer.slug}/directories?id=${row.id}`
                    }
                    className="rounded-sm font-semibold hover:text-accent hover:underline"
                  >
                    {row.name}
                  </Link>
                ),
              },
              {
                key: "kind",
                header: "Kind",
                cell: (row) => (row.kind === "syslog" ? "Syslog" : "Directory"),
              },
              {
                key: "health",
                header: "Health",
                phoneLabel: "",
                cell: (row) => <StateChip state={row.health.state} />,
              },
              {
                key: "what",
                header: "What it says",
                width: "30%",
                phone: "line",
                phoneLabel: "",
                cell: (row) => <span className="text-ink-2">{row.health.sentence}</span>,
              },
              {
                key: "counters",
                header: "Counted",
                phone: "line",
                cell: (row) => countersInWords(row.counters) || <Dash />,
              },
              {
                key: "last",
                header: "Last",
                align: "end",
                cell: (row) => <TimeAgo at={row.lastActivityAt} />,
              },
            ]}
          />
          {agent.sources.length === 0 ? (
            <p className="px-4 py-3 text-sm text-ink-2">It reads nothing yet.</p>
          ) : null}
        </Panel>
        <Panel title="Firewalls it answers" flush>
          <Table
            caption="Firewalls"
            inset
            rows={agent.firewalls}
            rowKey={(row) => row.id}
            columns={[
              {
                key: "name",
                header: "Enforcement point",
                phone: "lead",
                width: "24%",
                cell: (row) => (
                  <Link
                    href={`/c/${customer.slug}/enforcement/${row.id}`}
                    className="rounded-sm font-semibold hover:text-accent hover:underline"
                  >
                    {row.name}
                  </Link>
                ),
              },
              { key: "batch", header: "Last batch", cell: (row) => <TimeAgo at={row.lastBatchAt} /> },
              {
                key: "sent",
                header: "Entries sent",
                align: "end",
                cell: (row) => row.entriesSent.toLocaleString("en-GB"),
              },
            ]}
          />
          {agent.firewalls.length === 0 ? (
            <p className="px-4 py-3 text-sm text-ink-2">No firewall has asked it yet.</p>
          ) : null}
        </Panel>
        <Panel title="Certificates" flush>
          <Table
            caption="Certificates, newest first"
            inset
            rows={agent.certificates}
            rowKey={(row) => row.serial}
            columns={[
              { key: "serial", header: "Serial", phone: "lead", cell: (row) => <Mono>{row.serial}</Mono> },
              { key: "generation", header: "Generation", align: "end", cell: (row) => row.generation },
              { key: "state", header: "State", cell: (row) => row.state },
              { key: "from", header: "From", cell: (row) => <Time at={row.notBefore} /> },
              { key: "to", header: "Until", cell: (row) => <Time at={row.notAfter} /> },
            ]}
          />
        </Panel>
      </PageBody>
      <RevokeAgent agent={agent} open={revoking} onClose={() => setRevoking(false)} />
    </>
  );
}

function FirewallNames({ agent, canEdit }: { agent: Agent; canEdit: boolean }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { register, handleSubmit, formState, reset } = useForm({
    values: { names: agent.firewallNames.join("\n") },
    resetOptions: { keepDirtyValues: true },
  });
  const set = useMutation(
    trpc.agents.setFirewallNames.mutationOptions({
      onSuccess: async (saved) => {
        say(
          saved.names.length === 0
            ? "The agent has no name for firewalls any more."
            : `Firewalls reach it as ${saved.names.join(", ")}.`,
        );
        reset({ names: saved.names.join("\n") });
        await queryClient.invalidateQueries(trpc.agents.pathFilter());
      },
    }),
  );
  const refusal = set.isError ? refusalOf(set.error) : null;
  return (
    <Panel title="Names that firewalls use to reach it">
      <form
        noValidate
        className="flex max-w-[560px] flex-col gap-3"
        onSubmit={(event) =>
          void handleSubmit(({ names }) =>
            set.mutate({ customer: customer.slug, id: agent.id, names: entriesOf(names) }),
          )(event)
        }
      >
        <FormErrors title="Not saved" items={refusal === null ? [] : [refusal.message]} />
        <TextAreaField
          label="Names"
          mono
          rows={2}
          spellCheck={false}
          readOnly={!canEdit}
          placeholder={"id1.castell.example\n10.20.0.5"}
          help="DNS names and addresses, one to a line. They go into the agent's certificate and into the Junos lines. A full DNS name is best: Junos checks the certificate by it."
          error={fieldError(refusal, "names")}
          {...register("names")}
        />
        {canEdit ? (
          <div>
            <Button type="submit" variant="primary" busy={set.isPending} disabled={!formState.isDirty}>
              Save names
            </Button>
          </div>
        ) : null}
      </form>
    </Panel>
  );
}

function RevokeAgent({ agent, open, onClose }: { agent: Agent; open: boolean; onClose: () => void }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const revoke = useMutation(
    trpc.agents.revoke.mutationOptions({
      onSuccess: async () => {
        say(`Revoked ${agent.name}.`);
        onClose();
        await queryClient.invalidateQueries(trpc.pathFilter());
      },
    }),
  );
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        if (!next) {
          revoke.reset();
          onClose();
        }
      }}
      title={`Revoke ${agent.name}?`}
      confirmLabel={`Revoke agent of ${customer.name}`}
      typeToConfirm={agent.name}
      busy={revoke.isPending}
      error={revoke.isError ? refusalOf(revoke.error).message : undefined}
      onConfirm={() => revoke.mutate({ customer: customer.slug, id: agent.id })}
    >
      <p>
        Its certificate ends within 5 seconds: it sends nothing to the cloud any more and gets no
        configuration.
      </p>
      <p>
        {agent.firewalls.length === 0
          ? "No firewall asks it now."
          : `${agent.firewalls.map((each) => each.name).join(", ")} ${agent.firewalls.length === 1 ? "asks" : "ask"} it now. What a firewall was told stays there until it runs out.`}
      </p>
      <p>This cannot be undone. The server can be enrolled again with a new onboarding file.</p>
    </ConfirmDialog>
  );
}
