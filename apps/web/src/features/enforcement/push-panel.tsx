"use client";

import { Button } from "@rollcall/ui/button";
import { ConfirmDialog } from "@rollcall/ui/dialog";
import { Figures, KeyValue, Mono, Panel } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { type State, StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time, TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useCommand } from "~/features/commands/use-command.ts";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { useFetchOvertaken } from "~/features/form/use-editing.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import type { Point } from "./point-values.ts";
import { PushForm } from "./push-form.tsx";

type Push = NonNullable<Point["push"]>;
type PushReport = Push["states"][number];

const PUSH_STATE: Readonly<Record<PushReport["state"], { readonly state: State; readonly word: string }>> = {
  ok: { state: "ok", word: "Posted" },
  resyncing: { state: "busy", word: "Sending everything" },
  waiting: { state: "warn", word: "Waiting to retry" },
  refused: { state: "bad", word: "Refused" },
  broken: { state: "bad", word: "Not reached" },
};

/** Posting to the firewall's Web API instead of being asked: where to, by whom, what became of it. */
export function PushPanel({ point, canChange }: { point: Point; canChange: boolean }) {
  const [editing, setEditing] = useState(false);
  const [stopping, setStopping] = useState(false);
  const { push } = point;
  return (
    <Panel
      title="Push"
      tools={
        canChange ? (
          push === null ? (
            <Button size="small" onClick={() => setEditing(true)}>
              Set up push…
            </Button>
          ) : (
            <>
              <Button size="small" onClick={() => setEditing(true)}>
                Change
              </Button>
              <Button size="small" variant="danger" onClick={() => setStopping(true)}>
                Switch off
              </Button>
            </>
          )
        ) : undefined
      }
    >
      {push === null ? (
        <p className="max-w-[68ch] text-sm text-ink-2">
          Off: this firewall asks. For one that cannot ask, such as an old release or one that cannot reach
          us, logons can be posted to its Web API (<Mono>system services webapi</Mono>) instead.
        </p>
      ) : (
        <PushDetails point={point} push={push} />
      )}
      <EditPush point={point} open={editing} onClose={() => setEditing(false)} />
      <StopPush point={point} open={stopping} onClose={() => setStopping(false)} />
    </Panel>
  );
}

function PushDetails({ point, push }: { point: Point; push: Push }) {
  const mayResync = useMay("point:write");
  return (
    <div className="flex flex-col gap-4">
      {push.agentsWithoutPassword.length === 0 ? null : (
        <Notice tone="warn" title={`${push.agentsWithoutPassword.join(", ")} cannot open the password`}>
          Enrolled after it was typed. Type it again under Change: it is then sealed to every agent of the
          site.
        </Notice>
      )}
      <KeyValue
        rows={[
          { key: "Web API", value: <Mono>{push.url}</Mono>, testId: "push-url" },
          { key: "User", value: <Mono>{push.user}</Mono> },
          {
            key: "Posted by",
            value: push.from === "cloud" ? "the cloud" : `the agents of ${point.site?.name ?? "its site"}`,
          },
          {
            key: "Password",
            value:
              push.from === "cloud" ? (
                "encrypted for the cloud"
              ) : (
                <>
                  sealed to the agents, <Time at={push.passwordSetAt} />
                </>
              ),
          },
          {
            key: "Checked by",
            value: push.caPem === null ? "the system's certificate store" : "a certificate of its own",
          },
          {
            key: "At most",
            value:
              push.maxPostsPerSecond === 1 ? "1 post a second" : `${push.maxPostsPerSecond} posts a second`,
          },
        ]}
      />
      {push.states.length === 0 ? (
        <p className="text-sm text-ink-2" role="status">
          Nobody has posted yet. The first word comes within a minute after an agent has taken this over.
        </p>
      ) : (
        push.states.map((report) => <Report key={report.responder} report={report} />)
      )}
      {!mayResync ? null : push.from === "agent" ? (
        <Resync pointId={point.id} />
      ) : (
        <ResyncFromCloud pointId={point.id} />
      )}
    </div>
  );
}

function Report({ report }: { report: PushReport }) {
  return (
    <section
      aria-label={`Posts by ${report.name}`}
      data-testid="push-state"
      data-state={report.state}
      className="flex flex-col gap-3 border-t border-line pt-3"
    >
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <StateChip {...PUSH_STATE[report.state]} />
        <span>
          <span className="font-semibold">{report.name}</span>: {report.sentence}
        </span>
        <span className="text-xs text-ink-3">
          as of <TimeAgo at={report.heardAt} />
        </span>
      </p>
      <Figures
        items={[
          { name: "Last post", value: <TimeAgo at={report.lastPostAt} none="—" /> },
          { name: "Last taken", value: <TimeAgo at={report.lastOkAt} none="—" /> },
          { name: "Posts", value: report.posts.toLocaleString("en-GB") },
          { name: "Entries", value: report.entries.toLocaleString("en-GB") },
          { name: "Failures", value: report.failures.toLocaleString("en-GB") },
          { name: "Waiting", value: report.pending.toLocaleString("en-GB") },
        ]}
      />
      {report.refusedPosts.length === 0 ? null : (
        <div>
          <h3 className="pb-1 text-sm font-semibold">Posts that the firewall refused, never sent again</h3>
          <Table
            caption="Refused posts, newest first"
            inset
            rows={report.refusedPosts}
            rowKey={(row) => `${row.at.getTime()} ${row.status} ${row.sentence}`}
            rowTestId="refused-post-row"
            columns={[
              { key: "at", header: "When", phone: "lead", cell: (row) => <Time at={row.at} /> },
              { key: "status", header: "Status", cell: (row) => row.status },
              {
                key: "why",
                header: "What it said",
                phone: "line",
                width: "70%",
                cell: (row) => <span className="text-bad-ink">{row.sentence}</span>,
              },
            ]}
          />
        </div>
      )}
    </section>
  );
}

function Resync({ pointId }: { pointId: string }) {
  const command = useCommand();
  const { view } = command;
  const result = view?.result?.kind === "push-resync" ? view.result : null;
  return (
    <div className="flex flex-wrap items-center gap-3 border-t border-line pt-3">
      <Button
        busy={command.isRunning}
        onClick={() => command.start({ kind: "push-resync", enforcementPointId: pointId })}
      >
        Resync
      </Button>
      <span className="text-sm text-ink-2" role="status" data-testid="resync-progress">
        {command.isRunning
          ? (view?.progress ?? `Waiting for ${command.agentName ?? "the agent"}…`)
          : result !== null
            ? `${view?.agent.name ?? "The agent"} sends ${result.entries.toLocaleString("en-GB")} entries anew.`
            : (view?.message ?? RESYNC_HELP)}
      </span>
      {command.error === null || command.error === undefined ? null : (
        <span className="text-sm text-bad-ink" role="alert">
          {refusalOf(command.error).message}
        </span>
      )}
    </div>
  );
}

const RESYNC_HELP = "Sends the firewall everything anew: after it was restarted, or its table was cleared.";

/** The gateway takes it up within seconds; how far it is stands in its report above. */
function ResyncFromCloud({ pointId }: { pointId: string }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const resync = useMutation(
    trpc.points.resyncPush.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.points.pathFilter()),
    }),
  );
  return (
    <div className="flex flex-wrap items-center gap-3 border-t border-line pt-3">
      <Button busy={resync.isPending} onClick={() => resync.mutate({ customer: customer.slug, id: pointId })}>
        Resync
      </Button>
      <span className="text-sm text-ink-2" role="status" data-testid="resync-progress">
        {resync.isError
          ? refusalOf(resync.error).message
          : resync.isSuccess
            ? "Asked. The cloud begins within seconds; watch its report above."
            : RESYNC_HELP}
      </span>
    </div>
  );
}

function EditPush({ point, open, onClose }: { point: Point; open: boolean; onClose: () => void }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const fetchOvertaken = useFetchOvertaken();
  const set = useMutation(
    trpc.points.setPush.mutationOptions({
      onError: fetchOvertaken,
      onSuccess: async () => {
        say("Posting begins within seconds.");
        onClose();
        await queryClient.invalidateQueries(trpc.points.pathFilter());
      },
    }),
  );
  return (
    <FormDrawer
      open={open}
      saving={set}
      onClose={onClose}
      title={`Push to ${point.name}`}
      description="Logons are posted to its Web API as they happen. It is then not asked to ask."
      formId="push"
      submitLabel="Save"
    >
      <PushForm
        formId="push"
        point={point}
        isSaving={set.isPending}
        refusal={set.isError ? refusalOf(set.error) : null}
        onSubmit={(push, version) => set.mutate({ customer: customer.slug, id: point.id, version, push })}
      />
    </FormDrawer>
  );
}

function StopPush({ point, open, onClose }: { point: Point; open: boolean; onClose: () => void }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const stop = useMutation(
    trpc.points.setPush.mutationOptions({
      onSuccess: async () => {
        say("Push is off. The stored password is gone.");
        onClose();
        await queryClient.invalidateQueries(trpc.points.pathFilter());
      },
    }),
  );
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        if (!next) {
          stop.reset();
          onClose();
        }
      }}
      title={`Stop posting to ${point.name}?`}
      confirmLabel={`Stop push of ${customer.name}`}
      busy={stop.isPending}
      error={stop.isError ? refusalOf(stop.error).message : undefined}
      onConfirm={() => stop.mutate({ customer: customer.slug, id: point.id, push: null })}
    >
      <p>
        What it knows runs out there. It is told nothing more until it asks, with the Junos lines of this
        page. The stored password is deleted: to push again, type it again.
      </p>
    </ConfirmDialog>
  );
}
