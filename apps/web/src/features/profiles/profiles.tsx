"use client";

import { Button } from "@rollcall/ui/button";
import { Dash, PageHead } from "@rollcall/ui/layout";
import { Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { RemoveDialog } from "~/features/form/remove-dialog.tsx";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { ProfileDrawer } from "./profile-drawer.tsx";
import { EMPTY_PROFILE, ProfileForm } from "./profile-form.tsx";
import { Words } from "./words.tsx";

type Row = Outputs["profiles"]["list"]["items"][number];

/** How firewalls of this customer may be answered: the profiles that come with the product, and its own. */
export function Profiles({ initial }: { initial: Outputs["profiles"]["list"] }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayWrite = useMay("point:write");
  const [shown, setShown] = useQueryState("profile", parseAsString);
  /** The text that a new one begins with; null: none is being added. */
  const [adding, setAdding] = useState<string | null>(null);
  const [editing, setEditing] = useState<Row | null>(null);
  const [removing, setRemoving] = useState<Row | null>(null);
  const query = useQuery(
    trpc.profiles.list.queryOptions({ customer: customer.slug }, { initialData: initial }),
  );
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
  const add = useMutation(
    trpc.profiles.add.mutationOptions({
      onSuccess: async (outcome) => {
        if (outcome.kind === "refused") return;
        say(`Added ${outcome.profile.name}. Choose it at a firewall.`);
        setAdding(null);
        await refresh();
      },
    }),
  );
  const remove = useMutation(
    trpc.profiles.remove.mutationOptions({
      onSuccess: async () => {
        say("Removed the profile.");
        setRemoving(null);
        await refresh();
      },
    }),
  );
  return (
    <>
      <PageHead
        title="Profiles"
        summary="How a firewall asks and is answered. Most need none but the first; one that behaves otherwise gets one of its own."
        actions={
          mayWrite ? (
            <Button variant="primary" onClick={() => setAdding("")}>
              Add profile
            </Button>
          ) : undefined
        }
      />
      <div className="px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Profiles" />
      </div>
      <Table
        caption="Profiles, those that come with the product first"
        rows={query.data.items}
        rowKey={(row) => row.id}
        rowTestId="profile-row"
        isSelected={(row) => row.id === shown}
        columns={[
          {
            key: "name",
            header: "Profile",
            phone: "lead",
            width: "24%",
            cell: (row) => (
              <button
                type="button"
                className="rounded-sm text-left font-semibold hover:text-accent hover:underline"
                onClick={() => void setShown(row.id)}
              >
                {row.name}
              </button>
            ),
          },
          {
            key: "from",
            header: "From",
            width: "9%",
            cell: (row) => (row.isBuiltIn ? "built in" : "your own"),
          },
          {
            key: "note",
            header: "What it is for",
            phone: "line",
            phoneLabel: "",
            width: "32%",
            cell: (row) =>
              row.note === "" ? (
                <Dash />
              ) : (
                <span className="text-ink-2">
                  <Words text={row.note} />
                </span>
              ),
          },
          {
            key: "used",
            header: "Answers",
            phone: "line",
            width: "18%",
            cell: (row) => <UsedBy row={row} slug={customer.slug} />,
          },
          {
            key: "changed",
            header: "Changed",
            align: "end",
            cell: (row) => <TimeAgo at={row.updatedAt} none="—" />,
          },
          {
            key: "do",
            header: "Actions",
            headerHidden: true,
            align: "end",
            phoneLabel: "",
            cell: (row) =>
              row.isBuiltIn || !mayWrite ? null : (
                <span className="inline-flex gap-2">
                  <Button size="small" aria-label={`Edit ${row.name}`} onClick={() => setEditing(row)}>
                    Edit
                  </Button>
                  <Button
                    size="small"
                    variant="danger"
                    aria-label={`Remove ${row.name}`}
                    onClick={() => setRemoving(row)}
                  >
                    Remove
                  </Button>
                </span>
              ),
          },
        ]}
      />
      <ProfileDrawer
        id={shown}
        onClose={() => void setShown(null)}
        {...(mayWrite
          ? {
              onStartFrom: (text: string) => {
                void setShown(null);
                setAdding(text);
              },
            }
          : {})}
      />
      <FormDrawer
        open={adding !== null && mayWrite}
        saving={add}
        onClose={() => setAdding(null)}
        width="wide"
        title="Add profile"
        description="It is read and shown before it is kept, and answers nobody until a firewall is given it."
        formId="add-profile"
        submitLabel="Add profile"
      >
        <ProfileForm
          formId="add-profile"
          initial={{ ...EMPTY_PROFILE, text: adding ?? "" }}
          refusal={add.isError ? refusalOf(add.error) : null}
          onSubmit={(values) => add.mutate({ customer: customer.slug, ...values })}
        />
      </FormDrawer>
      <EditProfile row={editing} onClose={() => setEditing(null)} onSaved={refresh} />
      <RemoveDialog
        open={removing !== null}
        title={`Remove the profile ${removing?.name ?? ""}?`}
        what="profile"
        removal={remove}
        onConfirm={() => {
          if (removing !== null) remove.mutate({ customer: customer.slug, id: removing.id });
        }}
        onClose={() => setRemoving(null)}
      >
        <p>
          {removing === null || removing.usedBy.length === 0
            ? "It answers no firewall now, so nothing changes for live traffic. Download it first to be able to add it again."
            : `It answers ${removing.usedBy.map(({ name }) => name).join(", ")}: choose another profile there first.`}
        </p>
      </RemoveDialog>
    </>
  );
}

function UsedBy({ row, slug }: { row: Row; slug: string }) {
  if (row.usedBy.length === 0) return <span className="text-ink-3">no firewall</span>;
  const [first] = row.usedBy;
  return (
    <span data-testid="profile-used">
      {first === undefined ? null : (
        <Link
          className="rounded-sm hover:text-accent hover:underline"
          href={`/c/${slug}/enforcement/${first.id}`}
        >
          {first.name}
        </Link>
      )}
      {row.usedBy.length > 1 ? ` and ${row.usedBy.length - 1} more` : ""}
    </span>
  );
}

function EditProfile({
  row,
  onClose,
  onSaved,
}: {
  row: Row | null;
  onClose: () => void;
  onSaved: () => Promise<void>;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const detail = useQuery(
    trpc.profiles.get.queryOptions({ customer: customer.slug, id: row?.id ?? "" }, { enabled: row !== null }),
  );
  const update = useMutation(
    trpc.profiles.update.mutationOptions({
      onSuccess: async (outcome) => {
        if (outcome.kind === "refused") return;
        say(`Saved ${outcome.profile.name}. Its firewalls are told everything anew.`);
        onClose();
        await onSaved();
      },
    }),
  );
  const profile = detail.data?.id === row?.id ? detail.data : undefined;
  return (
    <FormDrawer
      open={row !== null}
      saving={update}
      onClose={onClose}
      width="wide"
      title={`Edit ${row?.name ?? ""}`}
      description={
        row === null || row.usedBy.length === 0
          ? "It answers no firewall now."
          : `It answers ${row.usedBy.map(({ name }) => name).join(", ")}: they are answered anew within seconds.`
      }
      formId="edit-profile"
      submitLabel="Save"
      alsoBusy={profile === undefined}
    >
      {profile === undefined || row === null ? (
        <p className="text-sm text-ink-2" role="status">
          {detail.isError ? refusalOf(detail.error).message : "Asking…"}
        </p>
      ) : (
        <ProfileForm
          formId="edit-profile"
          initial={{ name: profile.name, note: profile.note, text: profile.text }}
          refusal={update.isError ? refusalOf(update.error) : null}
          onSubmit={(changes) => update.mutate({ customer: customer.slug, id: row.id, changes })}
        />
      )}
    </FormDrawer>
  );
}
