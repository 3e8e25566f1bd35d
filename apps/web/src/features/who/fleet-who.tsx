"use client";

import { Button } from "@rollcall/ui/button";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { PageHead } from "@rollcall/ui/layout";
import { Monogram } from "@rollcall/ui/monogram";
import { Notice } from "@rollcall/ui/notice";
import { SearchField } from "@rollcall/ui/search-field";
import { keepPreviousData, skipToken, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useDeferredValue } from "react";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { SessionTableView } from "./session-table-view.tsx";

type Result = Outputs["sessions"]["fleetSearch"];

/** One question to all customers. Equal addresses of different customers are different people: hits stand by customer. */
export function FleetWho({ initial, initialQ }: { initial: Result | null; initialQ: string }) {
  const trpc = useTRPC();
  const [typed, setTyped] = useQueryState("q", parseAsString.withDefault(""));
  const q = useDeferredValue(typed.trim());
  const query = useQuery(
    trpc.sessions.fleetSearch.queryOptions(q === "" ? skipToken : { q, limitPerCustomer: 5 }, {
      ...LIVE,
      placeholderData: keepPreviousData,
      ...(q === initialQ && initial !== null ? { initialData: initial } : {}),
    }),
  );
  const result = q === "" ? undefined : query.data;
  return (
    <>
      <PageHead
        title="Who is at…"
        summary={
          result === undefined ? (
            "Over all customers."
          ) : (
            <>
              {result.hits.length} of {result.searched} customers know something. <AsOf at={result.asOf} />
            </>
          )
        }
      />
      <div className="flex flex-col gap-3 px-4 pb-4 sm:px-6">
        <SearchField
          width="wide"
          label="Search people and addresses of all customers"
          placeholder="Address, user, group or device"
          value={typed}
          onChange={(next) => void setTyped(next === "" ? null : next)}
        />
        {result === undefined && query.isError && q !== "" ? (
          <Notice
            tone="bad"
            title="No answer"
            action={<Button onClick={() => void query.refetch()}>Ask again</Button>}
          >
            {refusalOf(query.error).message}
          </Notice>
        ) : result === undefined ? null : (
          <StaleNotice query={query} what="Hits" />
        )}
        {result === undefined || result.failed.length === 0 ? null : (
          <Notice
            tone="warn"
            title={`${result.failed.length} of ${result.searched} customers did not answer`}
          >
            {result.failed.map((each) => each.name).join(", ")}
          </Notice>
        )}
      </div>
      {q === "" ? (
        <EmptyState title="Ask for a person or an address">
          Paste an address such as <span className="font-mono">10.20.31.77</span>, or part of a user name, a
          group or a device. Hits stand by customer: the same private address can be in use at several of
          them.
        </EmptyState>
      ) : result === undefined ? null : result.hits.length === 0 ? (
        <EmptyFilter action={<Button onClick={() => void setTyped(null)}>Clear search</Button>}>
          No customer knows “{q}” now.
        </EmptyFilter>
      ) : (
        <div className={`flex flex-col gap-6 ${query.isPlaceholderData ? "opacity-60" : ""}`}>
          {result.hits.map((hit) => (
            <section key={hit.customer.slug} aria-label={hit.customer.name}>
              <h2 className="flex items-center gap-2 px-4 pb-2 text-sm font-semibold sm:px-6">
                <Monogram name={hit.customer.name} hue={hit.customer.hue} />
                <Link
                  href={`/c/${hit.customer.slug}/who?q=${encodeURIComponent(q)}`}
                  className="rounded-sm hover:text-accent hover:underline"
                >
                  {hit.customer.name}
                </Link>
                {hit.hasMore ? <span className="font-normal text-ink-2">and more there</span> : null}
              </h2>
              <SessionTableView
                rows={hit.items}
                showSpace={false}
                linkOf={(row) => (
                  <Link
                    className="rounded-sm font-mono hover:text-accent hover:underline"
                    href={`/c/${hit.customer.slug}/who?q=${encodeURIComponent(q)}&ip=${encodeURIComponent(row.ip)}&space=${row.addressSpace.id}`}
                  >
                    {row.ip}
                  </Link>
                )}
              />
            </section>
          ))}
        </div>
      )}
    </>
  );
}
