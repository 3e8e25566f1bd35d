"use client";

import { Button } from "@rollcall/ui/button";
import { ConfirmDialog } from "@rollcall/ui/dialog";
import { SelectField } from "@rollcall/ui/field";
import { Dash, Mono, PageBody, PageHead, Panel } from "@rollcall/ui/layout";
import { type State, StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time, TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { CustomerChain } from "~/features/customers/customer-chain.tsx";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { holdSecret } from "./held-secret.ts";
import { JunosPanel } from "./junos-panel.tsx";
import { type Point, PointForm, pointFields, pointValues } from "./point-form.tsx";
import { askingWord, personOf } from "./point-words.ts";
import { SecretOnce } from "./secret-once.tsx";

/** One firewall: is it asking, what does it need pasted, what was it told, by whom, when. */
export function PointDetail({
  initial,
  overview,
  sites,
}: {
  initial: Point;
  overview: Outputs["customers"]["overview"];
  sites: Outputs["sites"]["list"]["items"];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("point:write");
  const maySecret = useMay("point:secret");
  const [dialog, setDialog] = useState<"edit" | "rotate" | "remove" | null>(null);
  const query = useQuery(
    trpc.points.get.queryOptions(
      { customer: customer.slug, id: initial.id },
      { ...LIVE, initialData: initial },
    ),
  );
  const chain = useQuery(
    trpc.customers.overview.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: overview }),
  );
  const point = query.data;
  const close = () => setDialog(null);
  return (
    <>
      <PageHead
        eyebrow={
          <Link href={`/c/${customer.slug}/enforcement`} className="hover:text-accent hover:underline">
            Enforcement point
          </Link>
        }
        title={point.name}
        aside={
          <>
            {point.sourceAddresses.length === 0 ? null : <Mono>{point.sourceAddresses.join(", ")}</Mono>}
            <StateChip state={point.health.state} word={askingWord(point.health.state)} />
          </>
        }
        summary={
          <>
            {point.health.sentence} <AsOf at={point.asOf} />
          </>
        }
        actions={
          <>
            {mayWrite ? (
              <Button variant="danger" onClick={() => setDialog("remove")}>
                Remove
              </Button>
            ) : null}
            {maySecret ? <Button onClick={() => setDialog("rotate")}>Rotate secret…</Button> : null}
            {mayWrite ? (
              <Button variant="primary" onClick={() => setDialog("edit")}>
                Edit
              </Button>
            ) : null}
          </>
        }
      />
      <PageBody>
        <StaleNotice query={query} what={point.name} />
        <CustomerChain chain={chain.data.chain} slug={customer.slug} />
        <SecretOnce pointId={point.id} />
        <JunosPanel point={point} />
        <Contacts point={point} />
        <Told point={point} />
        <Secrets point={point} canRevoke={maySecret} />
      </PageBody>
      <EditPoint point={point} sites={sites} open={dialog === "edit"} onClose={close} />
      <RotateSecret point={point} open={dialog === "rotate"} onClose={close} />
      <RemovePoint point={point} open={dialog === "remove"} onClose={close} />
    </>
  );
}

function Contacts({ point }: { point: Point }) {
  return (
    <Panel title="Who answers it" flush>
      {point.contacts.length === 0 ? (
        <p className="px-4 py-3 text-sm text-ink-2">It has asked nobody yet.</p>
      ) : (
        <Table
          caption="What each responder says of this firewall"
          inset
          rows={point.contacts}
          rowKey={(row) => row.responder}
          rowTestId="contact-row"
          columns={[
            {
              key: "who",
              header: "Answered by",
              phone: "lead",
              cell: (row) => (
                <span className="font-semibold">{row.responder === "cloud" ? "Cloud" : row.name}</span>
              ),
            },
            { key: "token", header: "Token", cell: (row) => <TimeAgo at={row.lastTokenAt} /> },
            { key: "batch", header: "Batch query", cell: (row) => <TimeAgo at={row.lastBatchAt} /> },
            { key: "ip", header: "IP query", cell: (row) => <TimeAgo at={row.lastIpQueryAt} /> },
            {
              key: "batches",
              header: "Batches",
              align: "end",
              cell: (row) => row.batches.toLocaleString("en-GB"),
            },
            {
              key: "queries",
              header: "IP queries",
              align: "end",
              cell: (row) => row.ipQueries.toLocaleString("en-GB"),
            },
            {
              key: "sent",
              header: "Entries sent",
              align: "end",
              cell: (row) => row.entriesSent.toLocaleString("en-GB"),
            },
            {
              key: "from",
              header: "From",
              cell: (row) =>
                row.lastSourceAddress === null ? <Dash /> : <Mono>{row.lastSourceAddress}</Mono>,
            },
            {
              key: "refusal",
              header: "Last refusal",
              width: "20%",
              phone: "line",
              cell: (row) =>
                row.lastRefusal === null ? <Dash /> : <span className="text-bad-ink">{row.lastRefusal}</span>,
            },
          ]}
        />
      )}
    </Panel>
  );
}

/** Who was told what and when, by each agent and by the cloud, in one list. */
function Told({ point }: { point: Point }) {
  const customer = useCustomer();
  const maySee = useMay("session:read");
  const rows = point.contacts
    .flatMap((contact) =>
      contact.told.map((told) => ({ ...told, by: contact.responder === "cloud" ? "Cloud" : contact.name })),
    )
    .sort((a, b) => b.at.getTime() - a.at.getTime());
  return (
    <Panel title="What it was told" flush>
      {!maySee ? (
        <p className="px-4 py-3 text-sm text-ink-2">Your role does not see people.</p>
      ) : rows.length === 0 ? (
        <p className="px-4 py-3 text-sm text-ink-2">Nothing yet.</p>
      ) : (
        <Table
          caption="The newest entries it was told, newest first"
          inset
          rows={rows}
          rowKey={(row) => `${row.by} ${row.at.getTime()} ${row.ip} ${row.how}`}
          rowTestId="told-row"
          columns={[
            { key: "at", header: "When", cell: (row) => <TimeAgo at={row.at} /> },
            {
              key: "ip",
              header: "Address",
              phone: "lead",
              cell: (row) => (
                <Link
                  className="rounded-sm font-mono hover:text-accent hover:underline"
                  href={`/c/${customer.slug}/who?ip=${encodeURIComponent(row.ip)}`}
                >
                  {row.ip}
                </Link>
              ),
            },
            {
              key: "who",
              header: "Person",
              phone: "line",
              phoneLabel: "",
              cell: (row) =>
                row.user === null ? (
                  <span className="text-ink-3">nobody any more</span>
                ) : (
                  <span className="font-semibold">{personOf(row)}</span>
                ),
            },
            {
              key: "groups",
              header: "Groups",
              phone: "line",
              width: "34%",
              cell: (row) => (row.groups.length === 0 ? <Dash /> : row.groups.join(", ")),
            },
            { key: "by", header: "Told by", cell: (row) => row.by },
            { key: "how", header: "On", cell: (row) => (row.how === "batch" ? "batch query" : "IP query") },
          ]}
        />
      )}
    </Panel>
  );
}

const SECRET_STATE: Readonly<
  Record<Point["secrets"][number]["state"], { readonly state: State; readonly word: string }>
> = {
  current: { state: "ok", word: "In use" },
  overlapping: { state: "busy", word: "Old, still valid" },
  expired: { state: "off", word: "Ended" },
  revoked: { state: "off", word: "Revoked" },
};

function Secrets({ point, canRevoke }: { point: Point; canRevoke: boolean }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [revoking, setRevoking] = useState<Point["secrets"][number] | null>(null);
  const revoke = useMutation(
    trpc.points.revokeSecret.mutationOptions({
      onSuccess: async () => {
        say("The secret is refused from now on.");
        setRevoking(null);
        await queryClient.invalidateQueries(trpc.points.pathFilter());
      },
    }),
  );
  return (
    <Panel title="Secrets" flush>
      <Table
        caption="Client secrets, newest first"
        inset
        rows={point.secrets}
        rowKey={(row) => row.id}
        rowTestId="secret-row"
        columns={[
          { key: "made", header: "Made", phone: "lead", cell: (row) => <Time at={row.createdAt} /> },
          { key: "client", header: "Client id", phone: "line", cell: () => <Mono>{point.clientId}</Mono> },
          {
            key: "state",
            header: "State",
            phoneLabel: "",
            cell: (row) => <StateChip {...SECRET_STATE[row.state]} />,
          },
          {
            key: "end",
            header: "Ends",
            cell: (row) => <Time at={row.revokedAt ?? row.expiresAt} none="open" />,
          },
          {
            key: "do",
            header: "Actions",
            headerHidden: true,
            align: "end",
            phoneLabel: "",
            cell: (row) =>
              canRevoke && (row.state === "current" || row.state === "overlapping") ? (
                <Button size="small" variant="danger" onClick={() => setRevoking(row)}>
                  Revoke
                </Button>
              ) : null,
          },
        ]}
      />
      <ConfirmDialog
        open={revoking !== null}
        onOpenChange={(open) => {
          if (!open) {
            revoke.reset();
            setRevoking(null);
          }
        }}
        title={`Revoke this secret of ${point.name}?`}
        confirmLabel={`Revoke secret of ${customer.name}`}
        busy={revoke.isPending}
        error={revoke.isError ? refusalOf(revoke.error).message : undefined}
        onConfirm={() => {
          if (revoking !== null)
            revoke.mutate({ customer: customer.slug, id: point.id, secretId: revoking.id });
        }}
      >
        <p>Agent and cloud refuse it within 5 seconds, and every token made with it.</p>
        {revoking?.state === "current" ? (
          <p>
            The firewall uses it now. Until it has another, it is told nothing; what it knows runs out there.
            Rotate instead, to change it in peace.
          </p>
        ) : null}
      </ConfirmDialog>
    </Panel>
  );
}

function EditPoint({
  point,
  sites,
  open,
  onClose,
}: {
  point: Point;
  sites: Outputs["sites"]["list"]["items"];
  open: boolean;
  onClose: () => void;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const update = useMutation(
    trpc.points.update.mutationOptions({
      onSuccess: async (saved) => {
        say(`Saved ${saved.name}.`);
        onClose();
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  return (
    <FormDrawer
      open={open}
      onOpenChange={(next) => {
        if (!next) {
          update.reset();
          onClose();
        }
      }}
      title={`Edit ${point.name}`}
      formId="edit-point"
      submitLabel="Save"
      busy={update.isPending}
    >
      <PointForm
        formId="edit-point"
        isNew={false}
        initial={pointValues(point)}
        sites={sites}
        refusal={update.isError ? refusalOf(update.error) : null}
        onSubmit={(values) =>
          update.mutate({ customer: customer.slug, id: point.id, changes: pointFields(values) })
        }
      />
    </FormDrawer>
  );
}

function RotateSecret({ point, open, onClose }: { point: Point; open: boolean; onClose: () => void }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [hours, setHours] = useState("24");
  const rotate = useMutation(
    trpc.points.rotateSecret.mutationOptions({
      onSuccess: async (made) => {
        holdSecret(point.id, made.clientSecret);
        say("Made a new secret. It stands in the lines below.");
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
          rotate.reset();
          onClose();
        }
      }}
      tone="plain"
      title={`Rotate the secret of ${point.name}?`}
      confirmLabel={`Rotate secret of ${customer.name}`}
      busy={rotate.isPending}
      error={rotate.isError ? refusalOf(rotate.error).message : undefined}
      onConfirm={() => rotate.mutate({ customer: customer.slug, id: point.id, overlapHours: Number(hours) })}
    >
      <p>
        A new secret is made and shown once. Both work for a while, so that the firewall can be changed in
        peace.
      </p>
      <SelectField
        label="The old one goes on for"
        value={hours}
        onChange={(event) => setHours(event.target.value)}
        options={[
          { value: "0", label: "no longer: it ends now" },
          { value: "1", label: "1 hour" },
          { value: "24", label: "1 day" },
          { value: "72", label: "3 days" },
          { value: "168", label: "7 days" },
        ]}
      />
    </ConfirmDialog>
  );
}

function RemovePoint({ point, open, onClose }: { point: Point; open: boolean; onClose: () => void }) {
  const customer = useCustomer();
  const router = useRouter();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const remove = useMutation(
    trpc.points.remove.mutationOptions({
      onSuccess: async () => {
        say(`Removed ${point.name}.`);
        router.push(`/c/${customer.slug}/enforcement`);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey(), refetchType: "none" });
      },
    }),
  );
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        if (!next) {
          remove.reset();
          onClose();
        }
      }}
      title={`Remove ${point.name}?`}
      confirmLabel={`Remove firewall of ${customer.name}`}
      typeToConfirm={point.name}
      busy={remove.isPending}
      error={remove.isError ? refusalOf(remove.error).message : undefined}
      onConfirm={() => remove.mutate({ customer: customer.slug, id: point.id })}
    >
      <p>
        {point.entriesSent === 0
          ? "It was never told anything."
          : `It was told ${point.entriesSent.toLocaleString("en-GB")} entries so far.`}{" "}
        From now on agent and cloud refuse it; what it knows runs out there, and rules that name people stop
        matching.
      </p>
      <p>
        Its secrets are gone: this cannot be undone. On the firewall, take the lines back with the view
        “delete”.
      </p>
    </ConfirmDialog>
  );
}
