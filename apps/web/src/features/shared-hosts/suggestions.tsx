"use client";

import { Button } from "@rollcall/ui/button";
import { FormErrors } from "@rollcall/ui/field";
import { Mono } from "@rollcall/ui/layout";
import { type State, StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time, TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import { ApproveSuggestion } from "./approve-suggestion.tsx";
import { evidenceOf, KIND_WORDS, type Suggestion, signsOf, subjectOf } from "./suggestion-words.ts";

const STATES: Readonly<Record<Suggestion["state"], { readonly state: State; readonly word: string }>> = {
  open: { state: "warn", word: "Decide" },
  automatic: { state: "busy", word: "Acted on already" },
  approved: { state: "ok", word: "Approved" },
  dismissed: { state: "off", word: "Dismissed" },
};
const DECISION_WORDS = { approve: "approved", dismiss: "dismissed", undo: "taken back" } as const;

/** What agents found by watching, with what they saw; a person decides, and may take it back. */
export function Suggestions({ items, canDecide }: { items: readonly Suggestion[]; canDecide: boolean }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [approving, setApproving] = useState<Suggestion | null>(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
  const dismiss = useMutation(
    trpc.suggestions.dismiss.mutationOptions({
      onSuccess: async (saved) => {
        say(`${subjectOf(saved)} is not suggested again.`);
        await refresh();
      },
    }),
  );
  const undo = useMutation(
    trpc.suggestions.undo.mutationOptions({
      onSuccess: async (saved) => {
        say(`${subjectOf(saved)} waits for a decision again.`);
        await refresh();
      },
    }),
  );
  const failed = dismiss.error ?? undo.error;
  const isBusy = dismiss.isPending || undo.isPending;
  return (
    <>
      {failed === null ? null : (
        <div className="px-4 pb-3 sm:px-6">
          <FormErrors title="Not changed" items={[refusalOf(failed).message]} />
        </div>
      )}
      <Table
        caption="Suggestions, undecided ones first"
        rows={items}
        rowKey={(row) => row.id}
        rowTestId="suggestion-row"
        columns={[
          {
            key: "subject",
            header: "What was found",
            phone: "lead",
            width: "24%",
            cell: (row) => <Subject row={row} slug={customer.slug} />,
          },
          { key: "kind", header: "It looks like", cell: (row) => KIND_WORDS[row.kind] },
          {
            key: "evidence",
            header: "Why",
            phone: "line",
            width: "30%",
            cell: (row) => <Evidence row={row} />,
          },
          {
            key: "seen",
            header: "Last seen",
            align: "end",
            cell: (row) => <TimeAgo at={row.lastSeenAt} />,
          },
          {
            key: "state",
            header: "State",
            phoneLabel: "",
            cell: (row) => (
              <span data-testid="suggestion-state" data-state={row.state}>
                <StateChip {...STATES[row.state]} />
                <Decided row={row} />
              </span>
            ),
          },
          {
            key: "do",
            header: "Actions",
            headerHidden: true,
            align: "end",
            phoneLabel: "",
            cell: (row) =>
              !canDecide ? null : row.state === "open" || row.state === "automatic" ? (
                <span className="inline-flex gap-2">
                  <Button
                    size="small"
                    variant="primary"
                    aria-label={`Approve ${subjectOf(row)}`}
                    onClick={() => setApproving(row)}
                  >
                    Approve…
                  </Button>
                  <Button
                    size="small"
                    disabled={isBusy}
                    aria-label={`Dismiss ${subjectOf(row)}`}
                    onClick={() => dismiss.mutate({ customer: customer.slug, id: row.id })}
                  >
                    Dismiss
                  </Button>
                </span>
              ) : (
                <Button
                  size="small"
                  disabled={isBusy}
                  aria-label={`Undo ${subjectOf(row)}`}
                  onClick={() => undo.mutate({ customer: customer.slug, id: row.id })}
                >
                  Undo
                </Button>
              ),
          },
        ]}
      />
      <ApproveSuggestion suggestion={approving} onClose={() => setApproving(null)} onSaved={refresh} />
    </>
  );
}

function Subject({ row, slug }: { row: Suggestion; slug: string }) {
  if (row.address === null) return <span className="font-semibold break-all">{subjectOf(row)}</span>;
  const { ip, addressSpace } = row.address;
  return (
    <Link
      className="rounded-sm font-mono hover:text-accent hover:underline"
      href={`/c/${slug}/who?ip=${encodeURIComponent(ip)}&space=${addressSpace.id}`}
    >
      {ip}
    </Link>
  );
}

function Evidence({ row }: { row: Suggestion }) {
  const signs = signsOf(row);
  return (
    <span>
      {evidenceOf(row)}, seen by {row.agent}
      {signs === null ? null : <span className="block text-xs text-ink-2">{signs}</span>}
      {row.examples.length === 0 ? null : (
        <span className="block text-xs text-ink-3">
          e.g. <Mono>{row.examples.slice(0, 4).join(", ")}</Mono>
        </span>
      )}
    </span>
  );
}

function Decided({ row }: { row: Suggestion }) {
  const [last] = row.history;
  if (last === undefined) return null;
  return (
    <span className="block text-xs text-ink-3">
      {DECISION_WORDS[last.decision]} by {last.actor}, <Time at={last.at} />
      {row.made === null || row.made.exists ? "" : `; the ${row.made.kind} was removed since`}
    </span>
  );
}
