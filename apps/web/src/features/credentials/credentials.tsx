"use client";

import { Button } from "@rollcall/ui/button";
import { Drawer } from "@rollcall/ui/drawer";
import { EmptyState } from "@rollcall/ui/empty-state";
import { Dash, KeyValue, Mono, PageHead } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { type State, StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time, TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsBoolean, parseAsString, useQueryStates } from "nuqs";
import { useState } from "react";
import { useCommand } from "~/features/commands/use-command.ts";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { RemoveDialog } from "~/features/form/remove-dialog.tsx";
import { useFetchOvertaken } from "~/features/form/use-editing.ts";
import { useKept } from "~/features/form/use-kept.ts";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { leadColumns } from "~/features/sources/lead-columns.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import {
  type Credential,
  CredentialForm,
  credentialFields,
  credentialValues,
  EMPTY_CREDENTIAL,
} from "./credential-form.tsx";

const STATES: Readonly<Record<Credential["state"], { readonly state: State; readonly word: string }>> = {
  ok: { state: "ok", word: "Works" },
  paused: { state: "bad", word: "Paused" },
  never: { state: "never", word: "Not tried" },
};

const PAGE_OF: Readonly<Record<Credential["usedBy"][number]["kind"], string>> = {
  directory: "directories",
  "event-log": "events",
  "pc-probe": "probes",
};

function CredentialChip({ state }: { state: Credential["state"] }) {
  return <StateChip state={STATES[state].state} word={STATES[state].word} />;
}

/** Logins at Windows servers: typed once, used by several sources, changed and paused for all of them at once. */
export function Credentials({ initial }: { initial: Outputs["credentials"]["list"] }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("source:write");
  const [url, setUrl] = useQueryStates({
    id: parseAsString,
    add: parseAsBoolean.withDefault(false),
    edit: parseAsBoolean.withDefault(false),
  });
  const query = useQuery(
    trpc.credentials.list.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: initial }),
  );
  const { items } = query.data;
  const found = items.find((row) => row.id === url.id) ?? null;
  const open = useKept(found, { id: url.id, isEditing: url.edit });
  const paused = items.filter(({ state }) => state === "paused").length;
  const addButton = mayWrite ? (
    <Button variant="primary" onClick={() => void setUrl({ add: true, id: null })}>
      Add credential
    </Button>
  ) : undefined;
  return (
    <>
      <PageHead
        title="Credentials"
        summary={
          items.length === 0
            ? "Logins at Windows servers"
            : `${items.length === 1 ? "1 login" : `${items.length} logins`}${paused === 0 ? "" : ` · ${paused} paused`}`
        }
        actions={items.length === 0 ? undefined : addButton}
      />
      <div className="px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Credentials" />
      </div>
      {items.length === 0 ? (
        <EmptyState title="No credential yet" action={addButton}>
          Event logs, directories and the PC probe log in with these. One is typed once and changed once; two
          refusals in a row pause it for all that use it, so that no account is locked.
        </EmptyState>
      ) : (
        <Table
          caption="Credentials"
          rows={items}
          rowKey={(row) => row.id}
          rowTestId="credential-row"
          isSelected={(row) => row.id === url.id}
          columns={[
            ...leadColumns<Credential>({
              header: "Credential",
              nameWidth: "22%",
              saysWidth: "28%",
              open: { onOpen: (row) => void setUrl({ id: row.id, add: null, edit: null }) },
              state: { header: "State", chip: (row) => <CredentialChip state={row.state} /> },
              says: { header: "What agents say", sentence: (row) => row.sentence },
            }),
            { key: "user", header: "Account", phone: "line", cell: (row) => <Mono>{row.user}</Mono> },
            {
              key: "ntlm",
              header: "Proves itself by",
              cell: (row) =>
                row.allowNtlm ? <span className="text-warn-ink">Kerberos, NTLM</span> : "Kerberos",
            },
            { key: "used", header: "Used by", align: "end", cell: (row) => row.usedBy.length },
          ]}
        />
      )}
      <CredentialDrawer
        credential={open}
        editing={url.edit}
        onEdit={() => void setUrl({ edit: true })}
        onClose={() => void setUrl({ id: null, edit: null })}
      />
      <AddCredential
        open={url.add && mayWrite}
        onClose={() => void setUrl({ add: null })}
        onAdded={(id) => void setUrl({ add: null, id })}
      />
    </>
  );
}

function AddCredential({
  open,
  onClose,
  onAdded,
}: {
  open: boolean;
  onClose: () => void;
  onAdded: (id: string) => void;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const add = useMutation(
    trpc.credentials.add.mutationOptions({
      onSuccess: async (added) => {
        say(`Added ${added.name}.`);
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
      title="Add credential"
      formId="add-credential"
      submitLabel="Add credential"
    >
      <CredentialForm
        formId="add-credential"
        isNew
        initial={EMPTY_CREDENTIAL}
        refusal={add.isError ? refusalOf(add.error) : null}
        onSubmit={(values) =>
          add.mutate({ customer: customer.slug, ...credentialFields(values), password: values.password })
        }
      />
    </FormDrawer>
  );
}

function CredentialDrawer({
  credential,
  editing,
  onEdit,
  onClose,
}: {
  credential: Credential | null;
  editing: boolean;
  onEdit: () => void;
  onClose: () => void;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayWrite = useMay("source:write");
  const [removing, setRemoving] = useState(false);
  const fetchOvertaken = useFetchOvertaken();
  const update = useMutation(
    trpc.credentials.update.mutationOptions({
      onError: fetchOvertaken,
      onSuccess: async (saved) => {
        say(`Saved ${saved.name}. Agents that paused it try it again.`);
        onClose();
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  const remove = useMutation(
    trpc.credentials.remove.mutationOptions({
      onSuccess: async () => {
        say("Removed the credential.");
        setRemoving(false);
        onClose();
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  if (credential !== null && editing && mayWrite)
    return (
      <FormDrawer
        open
        saving={update}
        onClose={onClose}
        title={`Edit ${credential.name}`}
        formId="edit-credential"
        submitLabel="Save"
      >
        <CredentialForm
          formId="edit-credential"
          isNew={false}
          initial={credentialValues(credential)}
          version={credential.version}
          isSaving={update.isPending}
          refusal={update.isError ? refusalOf(update.error) : null}
          onSubmit={(values, version) =>
            update.mutate({
              customer: customer.slug,
              id: credential.id,
              version: version ?? undefined,
              changes: {
                ...credentialFields(values),
                ...(values.password === "" ? {} : { password: values.password }),
              },
            })
          }
        />
      </FormDrawer>
    );
  return (
    <>
      <Drawer
        open={credential !== null}
        onOpenChange={(next) => {
          if (!next) onClose();
        }}
        title={credential?.name ?? ""}
        description={credential?.sentence}
      >
        {credential === null ? null : (
          <div className="flex flex-col gap-5">
            {mayWrite ? (
              <div className="flex flex-wrap gap-2">
                <Button variant={credential.state === "paused" ? "accent" : undefined} onClick={onEdit}>
                  {credential.state === "paused" ? "Change the password" : "Edit"}
                </Button>
                <Button variant="danger" onClick={() => setRemoving(true)}>
                  Remove
                </Button>
              </div>
            ) : null}
            {credential.agentsWithoutPassword.length === 0 ? null : (
              <Notice tone="warn" title="Type the password again">
                {credential.agentsWithoutPassword.join(", ")}{" "}
                {credential.agentsWithoutPassword.length === 1 ? "was" : "were"} enrolled after the password
                was typed and cannot open it.
              </Notice>
            )}
            <UsedBy usedBy={credential.usedBy} />
            <KeyValue
              rows={[
                { key: "State", value: <CredentialChip state={credential.state} /> },
                { key: "Account", value: <Mono>{credential.user}</Mono> },
                { key: "Password typed", value: <Time at={credential.passwordSetAt} /> },
                { key: "Realm", value: credential.realm ?? "what follows the @" },
                {
                  key: "Controllers",
                  value:
                    credential.kdcs.length === 0 ? "found by DNS" : <Mono>{credential.kdcs.join(", ")}</Mono>,
                },
                {
                  key: "Proves itself by",
                  value: credential.allowNtlm ? "Kerberos, else NTLM" : "Kerberos only",
                },
              ]}
            />
            {credential.agents.map((agent) => (
              <AgentWord key={agent.id} agent={agent} credentialId={credential.id} canResume={mayWrite} />
            ))}
          </div>
        )}
      </Drawer>
      <RemoveDialog
        open={removing && credential !== null}
        title={`Remove ${credential?.name ?? ""}?`}
        what="credential"
        removal={remove}
        onConfirm={() => {
          if (credential !== null) remove.mutate({ customer: customer.slug, id: credential.id });
        }}
        onClose={() => setRemoving(false)}
      >
        <p>Its sealed password goes with it. While a source uses it, it cannot be removed.</p>
      </RemoveDialog>
    </>
  );
}

function UsedBy({ usedBy }: { usedBy: Credential["usedBy"] }) {
  const customer = useCustomer();
  return (
    <section aria-label="Used by" className="flex flex-col gap-1">
      <h3 className="text-sm font-semibold">Used by</h3>
      {usedBy.length === 0 ? (
        <p className="text-sm text-ink-2">Nothing yet.</p>
      ) : (
        <ul className="text-sm" data-testid="credential-users">
          {usedBy.map(({ kind, id, name, site }) => (
            <li key={`${kind} ${id}`}>
              <Link
                className="rounded-sm text-accent underline underline-offset-2"
                href={`/c/${customer.slug}/${PAGE_OF[kind]}${kind === "pc-probe" ? "" : `?id=${id}`}`}
              >
                {name}
              </Link>
              <span className="text-ink-2"> · {site.name}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What one agent says of the login, and, where it paused it, one more try. */
function AgentWord({
  agent,
  credentialId,
  canResume,
}: {
  agent: Credential["agents"][number];
  credentialId: string;
  canResume: boolean;
}) {
  const command = useCommand();
  const { view } = command;
  const resumed = view?.result?.kind === "resume-credential" ? view.result.resumed : undefined;
  return (
    <section aria-label={agent.name} className="flex flex-col gap-2 border-t border-line pt-3">
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="text-sm font-semibold">{agent.name}</h3>
        <CredentialChip state={agent.state} />
        {agent.state === "paused" && canResume ? (
          <Button
            size="small"
            busy={command.isRunning}
            onClick={() => command.start({ kind: "resume-credential", credentialId }, agent.id)}
          >
            Try once more
          </Button>
        ) : null}
      </div>
      <p className="text-sm text-ink-2">{agent.sentence}</p>
      <p className="text-sm" role="status">
        {resumed === undefined
          ? (view?.message ?? "")
          : resumed
            ? "It is tried once more."
            : "It was not paused any more."}
      </p>
      {command.error === null || command.error === undefined ? null : (
        <Notice tone="bad" title="Not tried">
          {refusalOf(command.error).message}
        </Notice>
      )}
      <KeyValue
        rows={[
          { key: "Logins", value: agent.successes.toLocaleString("en-GB") },
          { key: "Refused", value: agent.failures.toLocaleString("en-GB") },
          {
            key: "Last login",
            value: agent.lastSuccessAt === null ? <Dash /> : <TimeAgo at={agent.lastSuccessAt} />,
          },
          {
            key: "Last refusal",
            value: agent.lastFailureAt === null ? <Dash /> : <TimeAgo at={agent.lastFailureAt} />,
          },
        ]}
      />
    </section>
  );
}
