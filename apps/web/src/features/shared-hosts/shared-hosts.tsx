"use client";

import { Button } from "@rollcall/ui/button";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { PageHead } from "@rollcall/ui/layout";
import { FilterBar } from "@rollcall/ui/search-field";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsBoolean, parseAsStringLiteral, useQueryStates } from "nuqs";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { AddHostMark } from "./add-host-mark.tsx";
import { AddMark } from "./add-mark.tsx";
import { HostMarks } from "./host-marks.tsx";
import { LearningSites } from "./learning-sites.tsx";
import { Marks } from "./marks.tsx";
import { OverlapAlarm } from "./overlap-alarm.tsx";
import { Suggestions } from "./suggestions.tsx";

/** Addresses with more than one person behind them, and accounts that are nobody: what was found, and what was decided. */
export function SharedHosts({
  suggestions,
  marks,
  hostMarks,
  spaces,
}: {
  suggestions: Outputs["suggestions"]["list"];
  marks: Outputs["marks"]["list"];
  hostMarks: Outputs["hostMarks"]["list"];
  spaces: Outputs["sites"]["list"]["addressSpaces"];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("filter:write");
  const [url, setUrl] = useQueryStates({
    add: parseAsBoolean.withDefault(false),
    addHosts: parseAsBoolean.withDefault(false),
    show: parseAsStringLiteral(["undecided", "all"]).withDefault("undecided"),
  });
  const found = useQuery(
    trpc.suggestions.list.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: suggestions }),
  );
  const marked = useQuery(
    trpc.marks.list.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: marks }),
  );
  const hosts = useQuery(
    trpc.hostMarks.list.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: hostMarks }),
  );
  const { items, open, learning } = found.data;
  const undecided = items.filter(({ state }) => state === "open" || state === "automatic");
  const rows = url.show === "all" ? items : undecided;
  return (
    <>
      <PageHead
        title="Shared hosts & accounts"
        summary={
          <>
            <span data-testid="open-suggestions">
              {open === 0 ? "Nothing to decide." : `${open} to decide.`}
            </span>{" "}
            <AsOf at={found.data.asOf} />
          </>
        }
        actions={
          mayWrite ? (
            <>
              <Button onClick={() => void setUrl({ addHosts: true })}>Mark computers</Button>
              <Button variant="primary" onClick={() => void setUrl({ add: true })}>
                Mark addresses
              </Button>
            </>
          ) : undefined
        }
      />
      <div className="flex flex-col gap-3 px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={found} what="Suggestions" />
        <StaleNotice query={marked} what="Marks" />
        <StaleNotice query={hosts} what="Marks of computers" />
        <OverlapAlarm />
        <LearningSites sites={learning} />
      </div>
      <section aria-label="Suggestions" className="flex flex-col gap-2 pb-8">
        <div className="flex flex-wrap items-center gap-3 px-4 sm:px-6">
          <h2 className="text-lg font-semibold">Suggestions</h2>
          {items.length === 0 ? null : (
            <FilterBar
              label="Which suggestions"
              value={url.show}
              onChange={(next) => void setUrl({ show: next === "all" ? "all" : null })}
              options={[
                { value: "undecided", label: "Undecided", count: undecided.length },
                { value: "all", label: "All", count: items.length },
              ]}
            />
          )}
        </div>
        {items.length === 0 ? (
          <EmptyState
            title="Nothing was found"
            secondary={
              <Link className="rounded-sm text-accent hover:underline" href={`/c/${customer.slug}/settings`}>
                How and when it is looked for
              </Link>
            }
          >
            Agents watch for accounts that log on at many addresses, and for addresses at which many people or
            devices are seen, or several people are connected by remote desktop at once. What they find stands
            here for you to decide.
          </EmptyState>
        ) : rows.length === 0 ? (
          <EmptyFilter
            action={<Button onClick={() => void setUrl({ show: "all" })}>Show all {items.length}</Button>}
          >
            Everything that was found has been decided.
          </EmptyFilter>
        ) : (
          <Suggestions items={rows} canDecide={mayWrite} />
        )}
      </section>
      <section aria-label="Marked addresses" className="flex flex-col gap-2 pb-8">
        <h2 className="px-4 text-lg font-semibold sm:px-6">Marked addresses</h2>
        {marked.data.items.length === 0 ? (
          <EmptyState
            title="No address is marked"
            action={
              mayWrite ? (
                <Button onClick={() => void setUrl({ add: true })}>Mark the first addresses</Button>
              ) : undefined
            }
          >
            At a terminal server or behind a NAT the last one to log on is not everybody there. Marked, such
            an address names nobody, or one fixed user.
          </EmptyState>
        ) : (
          <Marks marks={marked.data.items} showSpace={spaces.length > 1} canWrite={mayWrite} />
        )}
      </section>
      <section aria-label="Marked computers" className="flex flex-col gap-2 pb-10">
        <h2 className="px-4 text-lg font-semibold sm:px-6">Marked computers</h2>
        {hosts.data.items.length === 0 ? (
          <EmptyState
            title="No computer is marked"
            action={
              mayWrite ? (
                <Button onClick={() => void setUrl({ addHosts: true })}>Mark computers by their OU</Button>
              ) : undefined
            }
          >
            Terminal servers that come and go, or change their address, are better marked by the OU in which
            their accounts stand. The mark goes with the computer.
          </EmptyState>
        ) : (
          <HostMarks marks={hosts.data.items} canWrite={mayWrite} />
        )}
      </section>
      <AddHostMark open={url.addHosts && mayWrite} onClose={() => void setUrl({ addHosts: null })} />
      <AddMark open={url.add && mayWrite} spaces={spaces} onClose={() => void setUrl({ add: null })} />
    </>
  );
}
