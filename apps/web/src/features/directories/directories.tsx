"use client";

import { Button } from "@rollcall/ui/button";
import { Drawer } from "@rollcall/ui/drawer";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { Dash, KeyValue, Mono, PageHead } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time, TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsBoolean, parseAsString, useQueryStates } from "nuqs";
import { useState } from "react";
import { allCountersInWords, countersInWords } from "~/features/agents/counters.ts";
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
import {
  type Directory,
  DirectoryForm,
  directoryFields,
  directoryValues,
  emptyDirectory,
} from "./directory-form.tsx";

const PROTECTION: Readonly<Record<Directory["tls"], string>> = {
  ldaps: "LDAPS",
  starttls: "StartTLS",
  none: "none",
};

/** Active Directory servers of a customer: names and groups come from them. */
export function Directories({
  initial,
  sites,
  credentials,
}: {
  initial: Outputs["directories"]["list"];
  sites: Outputs["sites"]["list"]["items"];
  credentials: Outputs["credentials"]["list"]["items"];
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
    trpc.directories.list.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: initial }),
  );
  const { items } = query.data;
  const site = useSiteFilter(sites);
  const rows = items.filter((row) => site.includes(row.site.id));
  const found = items.find((row) => row.id === url.id) ?? null;
  const open = useKept(found, { id: url.id, isEditing: url.edit });

  const addButton = mayWrite ? (
    <Button variant="primary" onClick={() => void setUrl({ add: true, id: null })}>
      Add directory
    </Button>
  ) : undefined;

  return (
    <>
      <PageHead
        title="Directories"
        summary={`${items.filter((row) => row.health.state === "ok").length} of ${items.length} answering`}
        actions={items.length === 0 ? undefined : addButton}
      />
      <div className="px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Directories" />
      </div>
      {items.length === 0 ? (
        <EmptyState title="No directory yet" action={addButton}>
          The agent reads users, devices and groups from a domain controller, over LDAPS, with an account that
          can only read. Without it a firewall is told a name but no groups.
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyFilter action={<Button onClick={site.clear}>All sites</Button>}>
          No directory at {site.name}.
        </EmptyFilter>
      ) : (
        <Table
          caption="Directories"
          rows={rows}
          rowKey={(row) => row.id}
          rowTestId="directory-row"
          isSelected={(row) => row.id === url.id}
          columns={[
            ...sourceColumns<Directory>({
              header: "Directory",
              nameWidth: "20%",
              saysWidth: "26%",
              open: { onOpen: (row) => void setUrl({ id: row.id, add: null, edit: null }) },
            }),
            { key: "site", header: "Site", cell: (row) => row.site.name },
            {
              key: "host",
              header: "Server",
              phone: "line",
              cell: (row) => <Mono>{`${row.host}:${row.port}`}</Mono>,
            },
            {
              key: "tls",
              header: "Protection",
              cell: (row) =>
                row.dangerouslyTrustAnyCertificate ? (
                  <span className="text-warn-ink">{PROTECTION[row.tls]}, unchecked</span>
                ) : (
                  PROTECTION[row.tls]
                ),
            },
            {
              key: "read",
              header: "Read",
              phone: "line",
              cell: (row) => countersInWords(row.counters) || <Dash />,
            },
            {
              key: "last",
              header: "Last read",
              align: "end",
              cell: (row) => <TimeAgo at={row.lastActivityAt} />,
            },
          ]}
        />
      )}
      <DirectoryDrawer
        directory={open}
        editing={url.edit}
        onEdit={() => void setUrl({ edit: true })}
        onClose={() => void setUrl({ id: null, edit: null })}
        sites={sites}
        credentials={credentials}
      />
      <AddDirectory
        open={url.add && mayWrite}
        sites={sites}
        credentials={credentials}
        onClose={() => void setUrl({ add: null })}
        onAdded={(id) => void setUrl({ add: null, id })}
      />
    </>
  );
}

function AddDirectory({
  open,
  sites,
  credentials,
  onClose,
  onAdded,
}: {
  open: boolean;
  sites: Outputs["sites"]["list"]["items"];
  credentials: Outputs["credentials"]["list"]["items"];
  onClose: () => void;
  onAdded: (id: string) => void;
}) {
  const customer = useCustomer();
  const add = useAddDirectory(onAdded);
  return (
    <FormDrawer
      open={open}
      saving={add}
      onClose={onClose}
      title="Add directory"
      formId="add-directory"
      submitLabel="Save and test"
    >
      <DirectoryForm
        formId="add-directory"
        isNew
        initial={emptyDirectory(sites[0]?.id ?? "", customer.adDomain)}
        sites={sites}
        credentials={credentials}
        refusal={add.isError ? refusalOf(add.error) : null}
        onSubmit={(values) =>
          add.mutate({
            customer: customer.slug,
            siteId: values.siteId,
            ...directoryFields(values),
            ...(values.password === "" ? {} : { password: values.password }),
          })
        }
      />
    </FormDrawer>
  );
}

/** Adds a directory; used by this page and by the set-up. */
export function useAddDirectory(onAdded: (id: string) => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useMutation(
    trpc.directories.add.mutationOptions({
      onSuccess: async (added) => {
        say(`Added ${added.name}. The agents of the site take it within seconds.`);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
        onAdded(added.id);
      },
    }),
  );
}

function DirectoryDrawer({
  directory,
  editing,
  onEdit,
  onClose,
  sites,
  credentials,
}: {
  directory: Directory | null;
  editing: boolean;
  onEdit: () => void;
  onClose: () => void;
  sites: Outputs["sites"]["list"]["items"];
  credentials: Outputs["credentials"]["list"]["items"];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayWrite = useMay("source:write");
  const mayTest = useMay("source:test");
  const [removing, setRemoving] = useState(false);
  const fetchOvertaken = useFetchOvertaken();
  const update = useMutation(
    trpc.directories.update.mutationOptions({
      onError: fetchOvertaken,
      onSuccess: async (saved) => {
        say(`Saved ${saved.name}.`);
        onClose();
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  const remove = useMutation(
    trpc.directories.remove.mutationOptions({
      onSuccess: async () => {
        say("Removed the directory.");
        setRemoving(false);
        onClose();
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );

  if (directory !== null && editing && mayWrite) {
    return (
      <FormDrawer
        open
        saving={update}
        onClose={onClose}
        title={`Edit ${directory.name}`}
        formId="edit-directory"
        submitLabel="Save"
      >
        <DirectoryForm
          formId="edit-directory"
          isNew={false}
          initial={directoryValues(directory)}
          version={directory.version}
          isSaving={update.isPending}
          sites={sites}
          credentials={credentials}
          refusal={update.isError ? refusalOf(update.error) : null}
          onSubmit={(values, version) =>
            update.mutate({
              customer: customer.slug,
              id: directory.id,
              version: version ?? undefined,
              changes: {
                ...directoryFields(values),
                ...(values.password === "" ? {} : { password: values.password }),
              },
            })
          }
        />
      </FormDrawer>
    );
  }
  return (
    <>
      <Drawer
        open={directory !== null}
        onOpenChange={(next) => {
          if (!next) onClose();
        }}
        title={directory?.name ?? ""}
        description={directory?.health.sentence}
      >
        {directory === null ? null : (
          <div className="flex flex-col gap-5">
            {mayWrite ? (
              <div className="flex flex-wrap gap-2">
                <Button onClick={onEdit}>Edit</Button>
                <Button variant="danger" onClick={() => setRemoving(true)}>
                  Remove
                </Button>
              </div>
            ) : null}
            {directory.agentsWithoutPassword.length === 0 ? null : (
              <Notice tone="warn" title="Type the password again">
                {directory.agentsWithoutPassword.join(", ")}{" "}
                {directory.agentsWithoutPassword.length === 1 ? "was" : "were"} enrolled after the password
                was typed and cannot open it.
              </Notice>
            )}
            {mayTest ? (
              <TestRun
                key={directory.id}
                source={{ kind: "directory", id: directory.id }}
                auto={directory.health.state === "never"}
                label="Test now"
              />
            ) : null}
            <KeyValue
              rows={[
                { key: "Health", value: <StateChip state={directory.health.state} /> },
                { key: "Server", value: <Mono>{`${directory.host}:${directory.port}`}</Mono> },
                {
                  key: "Protection",
                  value: `${PROTECTION[directory.tls]}${directory.dangerouslyTrustAnyCertificate ? ", any certificate is trusted" : directory.caPem === null ? ", CAs of the agent's system" : ", own CA"}`,
                },
                {
                  key: "Account",
                  value:
                    directory.credential === null ? (
                      <Mono>{directory.bindUser}</Mono>
                    ) : (
                      <Link
                        className="rounded-sm text-accent hover:underline"
                        href={`/c/${customer.slug}/credentials?id=${directory.credential.id}`}
                      >
                        {directory.credential.name}
                      </Link>
                    ),
                },
                { key: "Password typed", value: <Time at={directory.passwordSetAt} /> },
                {
                  key: "Base DN",
                  value: directory.baseDn === null ? "the server's own" : <Mono>{directory.baseDn}</Mono>,
                },
                { key: "Domain", value: directory.domain ?? "from the base DN" },
                { key: "NetBIOS domain", value: directory.netbiosDomain ?? "read from the directory" },
                { key: "Changes", value: `every ${directory.pollSeconds} s` },
                { key: "Site", value: directory.site.name },
                {
                  key: "Read",
                  value: allCountersInWords(directory.counters) || <Dash />,
                  testId: "directory-counters",
                },
                { key: "Last read", value: <TimeAgo at={directory.lastActivityAt} /> },
              ]}
            />
          </div>
        )}
      </Drawer>
      <RemoveDialog
        open={removing && directory !== null}
        title={`Remove ${directory?.name ?? ""}?`}
        what="directory"
        removal={remove}
        onConfirm={() => {
          if (directory !== null) remove.mutate({ customer: customer.slug, id: directory.id });
        }}
        onClose={() => setRemoving(false)}
      >
        <p>
          Agents stop reading it within seconds. Sessions go on; groups of its people are no longer refreshed.
          You can add it again, with its password.
        </p>
      </RemoveDialog>
    </>
  );
}
