"use client";

import { Button } from "@rollcall/ui/button";
import { ConfirmDialog } from "@rollcall/ui/dialog";
import { EmptyState } from "@rollcall/ui/empty-state";
import { FormErrors, SelectField, TextField } from "@rollcall/ui/field";
import { Dash, Mono, PageBody, PageHead, Panel } from "@rollcall/ui/layout";
import { StateChip, StateGlyph } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { parseAsBoolean, useQueryState } from "nuqs";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, refusalOf } from "~/trpc/refusal.ts";
import { BUILT_IN_WORDS, type Filter, filterProblem, tryFilters } from "./try-filters.ts";

const KINDS: readonly { readonly value: Filter["kind"]; readonly label: string; readonly help: string }[] = [
  {
    value: "ip-exclude",
    label: "Leave an address range out",
    help: "An excluded address never becomes a session.",
  },
  {
    value: "ip-include",
    label: "Keep only an address range",
    help: "With one or more of these, every other address is left out.",
  },
  {
    value: "principal-exclude",
    label: "Leave people or devices out",
    help: "RE2 expression, matched without case against name, DOMAIN\\name and UPN.",
  },
  {
    value: "dn-exclude",
    label: "Leave a part of the directory out",
    help: "RE2 expression over the distinguished name.",
  },
  {
    value: "group-include",
    label: "Tell only certain groups",
    help: "RE2 expression over group names: it shortens the groups of an entry, it removes nobody.",
  },
];

function kindLabel(kind: Filter["kind"]): string {
  return KINDS.find((each) => each.value === kind)?.label ?? kind;
}

/** What becomes a session and what does not, in the order in which it is decided. */
export function Filters({ initial }: { initial: Outputs["filters"]["list"] }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayWrite = useMay("filter:write");
  const [adding, setAdding] = useQueryState("add", parseAsBoolean.withDefault(false));
  const [removing, setRemoving] = useState<Filter | null>(null);
  const query = useQuery(
    trpc.filters.list.queryOptions({ customer: customer.slug }, { initialData: initial }),
  );
  const { items } = query.data;
  const ordered = [...items].sort(
    (a, b) =>
      KINDS.findIndex((each) => each.value === a.kind) - KINDS.findIndex((each) => each.value === b.kind),
  );
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
  const toggle = useMutation(
    trpc.filters.update.mutationOptions({
      onSuccess: async (saved) => {
        say(saved.enabled ? "Switched on." : "Switched off.");
        await refresh();
      },
    }),
  );
  const remove = useMutation(
    trpc.filters.remove.mutationOptions({
      onSuccess: async () => {
        say("Removed the filter.");
        setRemoving(null);
        await refresh();
      },
    }),
  );
  const addButton = mayWrite ? (
    <Button variant="primary" onClick={() => void setAdding(true)}>
      Add filter
    </Button>
  ) : undefined;

  return (
    <>
      <PageHead
        title="Filters"
        summary="Decided at receipt, top to bottom. What a firewall filters itself comes after, and only within what is left."
        actions={items.length === 0 ? undefined : addButton}
      />
      <div className="flex flex-col gap-3 px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Filters" />
        {toggle.isError ? <FormErrors title="Not changed" items={[refusalOf(toggle.error).message]} /> : null}
      </div>
      {items.length === 0 ? (
        <EmptyState title="Nothing is filtered" action={addButton}>
          Everyone a source names becomes a session, but for accounts of Windows and of products, which are
          always left out. Service accounts that log on everywhere are worth a filter.
        </EmptyState>
      ) : (
        <Table
          caption="Filters in the order in which they are decided"
          rows={ordered}
          rowKey={(row) => row.id}
          rowTestId="filter-row"
          columns={[
            {
              key: "kind",
              header: "Filter",
              phone: "lead",
              width: "22%",
              cell: (row) => <span className="font-semibold">{kindLabel(row.kind)}</span>,
            },
            {
              key: "value",
              header: "Value",
              phone: "line",
              phoneLabel: "",
              width: "30%",
              cell: (row) => <Mono>{row.value}</Mono>,
            },
            { key: "domain", header: "Domain", cell: (row) => row.domain ?? <Dash /> },
            {
              key: "note",
              header: "Why",
              phone: "line",
              width: "20%",
              cell: (row) => (row.note === "" ? <Dash /> : row.note),
            },
            {
              key: "state",
              header: "State",
              phoneLabel: "",
              cell: (row) => (
                <StateChip state={row.enabled ? "ok" : "off"} word={row.enabled ? "On" : "Off"} />
              ),
            },
            {
              key: "since",
              header: "Since",
              align: "end",
              phone: "hide",
              cell: (row) => <Time at={row.createdAt} />,
            },
            {
              key: "do",
              header: "Actions",
              headerHidden: true,
              align: "end",
              phoneLabel: "",
              cell: (row) =>
                mayWrite ? (
                  <span className="inline-flex gap-2">
                    <Button
                      size="small"
                      disabled={toggle.isPending}
                      aria-label={`${row.enabled ? "Switch off" : "Switch on"} ${row.value}`}
                      onClick={() =>
                        toggle.mutate({
                          customer: customer.slug,
                          id: row.id,
                          changes: { enabled: !row.enabled },
                        })
                      }
                    >
                      {row.enabled ? "Switch off" : "Switch on"}
                    </Button>
                    <Button
                      size="small"
                      variant="danger"
                      aria-label={`Remove ${row.value}`}
                      onClick={() => setRemoving(row)}
                    >
                      Remove
                    </Button>
                  </span>
                ) : null,
            },
          ]}
        />
      )}
      <div className="pt-6">
        <PageBody>
          <TryBox filters={items} />
        </PageBody>
      </div>
      <AddFilter
        open={adding && mayWrite}
        filters={items}
        onClose={() => void setAdding(null)}
        onSaved={refresh}
      />
      <ConfirmDialog
        open={removing !== null}
        onOpenChange={(open) => {
          if (!open) {
            remove.reset();
            setRemoving(null);
          }
        }}
        title={`Remove the filter ${removing?.value ?? ""}?`}
        confirmLabel={`Remove filter of ${customer.name}`}
        busy={remove.isPending}
        error={remove.isError ? refusalOf(remove.error).message : undefined}
        onConfirm={() => {
          if (removing !== null) remove.mutate({ customer: customer.slug, id: removing.id });
        }}
      >
        <p>
          From the next event on, agents decide without it. Sessions that stand already are not touched. To
          take it back, add it again.
        </p>
      </ConfirmDialog>
    </>
  );
}

/** "Would 10.1.1.5 / CD\svc-scan pass?" Decided here, by the code that decides it in the agent. */
function TryBox({ filters }: { filters: readonly Filter[] }) {
  const [ip, setIp] = useState("");
  const [user, setUser] = useState("");
  const [dn, setDn] = useState("");
  const outcome = ip.trim() === "" ? null : tryFilters(filters, { ip, user, dn });
  return (
    <Panel title="Would it pass?">
      <div className="grid gap-3 sm:grid-cols-3">
        <TextField
          label="Address"
          mono
          spellCheck={false}
          autoComplete="off"
          placeholder="10.1.1.5"
          value={ip}
          onChange={(event) => setIp(event.target.value)}
        />
        <TextField
          label="User"
          note="optional"
          mono
          spellCheck={false}
          autoComplete="off"
          placeholder="CD\svc-scan"
          value={user}
          onChange={(event) => setUser(event.target.value)}
        />
        <TextField
          label="Distinguished name"
          note="optional"
          mono
          spellCheck={false}
          autoComplete="off"
          placeholder="CN=…,OU=Service,DC=…"
          value={dn}
          onChange={(event) => setDn(event.target.value)}
        />
      </div>
      <p role="status" data-testid="filter-verdict" className="mt-3 min-h-5 text-sm">
        {outcome === null ? (
          <span className="text-ink-2">Type an address.</span>
        ) : (
          <Verdict outcome={outcome} />
        )}
      </p>
    </Panel>
  );
}

function Verdict({ outcome }: { outcome: ReturnType<typeof tryFilters> }) {
  switch (outcome.kind) {
    case "not-an-address":
      return <span className="text-ink-2">This is not an address yet.</span>;
    case "kept":
      return (
        <span className="inline-flex items-center gap-2 font-semibold text-ok-ink">
          <StateGlyph state="ok" />
          Passes: it becomes a session.
        </span>
      );
    case "kept-back":
      return (
        <span className="inline-flex items-center gap-2 font-semibold text-warn-ink">
          <StateGlyph state="warn" />
          Left out:{" "}
          {outcome.filter === null
            ? (BUILT_IN_WORDS[outcome.rule] ?? outcome.rule)
            : `${kindLabel(outcome.filter.kind)} ${outcome.filter.value}`}
          .
        </span>
      );
  }
}

interface Values {
  readonly kind: Filter["kind"];
  readonly value: string;
  readonly domain: string;
  readonly note: string;
}

function AddFilter({
  open,
  filters,
  onClose,
  onSaved,
}: {
  open: boolean;
  filters: readonly Filter[];
  onClose: () => void;
  onSaved: () => Promise<unknown>;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const add = useMutation(
    trpc.filters.add.mutationOptions({
      onSuccess: async () => {
        say("Added the filter. Agents take it within seconds.");
        onClose();
        await onSaved();
      },
    }),
  );
  return (
    <FormDrawer
      open={open}
      onOpenChange={(next) => {
        if (!next) {
          add.reset();
          onClose();
        }
      }}
      title="Add filter"
      formId="add-filter"
      submitLabel="Add filter"
      busy={add.isPending}
    >
      <FilterForm
        filters={filters}
        refusal={add.isError ? refusalOf(add.error) : null}
        onSubmit={(values) =>
          add.mutate({
            customer: customer.slug,
            kind: values.kind,
            value: values.value.trim(),
            domain:
              values.kind === "group-include" && values.domain.trim() !== "" ? values.domain.trim() : null,
            note: values.note.trim(),
          })
        }
      />
    </FormDrawer>
  );
}

function FilterForm({
  filters,
  refusal,
  onSubmit,
}: {
  filters: readonly Filter[];
  refusal: ReturnType<typeof refusalOf> | null;
  onSubmit: (values: Values) => void;
}) {
  const { register, handleSubmit, formState, watch, getValues } = useForm<Values>({
    defaultValues: { kind: "principal-exclude", value: "", domain: "", note: "" },
  });
  const { kind, value } = watch();
  const [ip, setIp] = useState("");
  const [user, setUser] = useState("");
  const draft: Filter = {
    id: "draft",
    kind,
    value,
    domain: null,
    note: "",
    enabled: true,
    createdAt: new Date(0),
  };
  const outcome =
    ip.trim() === "" || filterProblem(kind, value) !== null
      ? null
      : tryFilters([...filters, draft], { ip, user, dn: "" });
  return (
    <form
      id="add-filter"
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => void handleSubmit(onSubmit)(event)}
    >
      <FormErrors title="Not added" items={refusal === null ? [] : [refusal.message]} />
      <SelectField
        label="What it does"
        options={KINDS}
        help={KINDS.find((each) => each.value === kind)?.help}
        {...register("kind")}
      />
      <TextField
        label="Value"
        mono
        autoFocus
        autoComplete="off"
        spellCheck={false}
        placeholder={kind.startsWith("ip-") ? "10.20.200.0/24" : "^svc-"}
        error={formState.errors.value?.message ?? fieldError(refusal, "value")}
        {...register("value", { validate: (text) => filterProblem(getValues("kind"), text) ?? true })}
      />
      {kind === "group-include" ? (
        <TextField
          label="Domain"
          note="optional"
          autoComplete="off"
          spellCheck={false}
          error={fieldError(refusal, "domain")}
          {...register("domain")}
        />
      ) : null}
      <TextField
        label="Why"
        note="optional"
        autoComplete="off"
        help="For whoever reads this list in a year."
        {...register("note")}
      />
      <fieldset className="flex flex-col gap-3 border-t border-line pt-4">
        <legend className="sr-only">Try it before it is added</legend>
        <p className="text-sm font-semibold">Try it before it is added</p>
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField
            label="Address to try"
            mono
            autoComplete="off"
            value={ip}
            onChange={(event) => setIp(event.target.value)}
          />
          <TextField
            label="User to try"
            mono
            autoComplete="off"
            value={user}
            onChange={(event) => setUser(event.target.value)}
          />
        </div>
        <p role="status" className="min-h-5 text-sm">
          {outcome === null ? null : <Verdict outcome={outcome} />}
        </p>
      </fieldset>
    </form>
  );
}
