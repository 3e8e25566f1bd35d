"use client";

import { Button } from "@rollcall/ui/button";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { PageHead } from "@rollcall/ui/layout";
import { FilterBar, SearchField } from "@rollcall/ui/search-field";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useDeferredValue, useMemo } from "react";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { OverlapAlarm } from "~/features/shared-hosts/overlap-alarm.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC, useTRPCClient } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { SESSIONS_PAGE } from "./page-size.ts";
import { SessionDrawer } from "./session-drawer.tsx";
import { SessionTableView } from "./session-table-view.tsx";
import { useCalmRows } from "./use-calm-rows.ts";

type Page = Outputs["sessions"]["search"];

/** Who is at which address, live. What is searched for, and what is open, stands in the address. */
export function Who({
  initial,
  initialQ,
  initialShow,
}: {
  initial: Page;
  initialQ: string;
  initialShow: "live" | "all";
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [url, setUrl] = useQueryStates({
    q: parseAsString.withDefault(""),
    show: parseAsStringLiteral(["live", "all"]).withDefault("live"),
    ip: parseAsString,
    space: parseAsString,
  });
  const q = useDeferredValue(url.q.trim());
  const input = { customer: customer.slug, q, liveOnly: url.show === "live", limit: SESSIONS_PAGE };
  const query = useInfiniteQuery({
    ...LIVE,
    queryKey: [...trpc.sessions.search.queryKey(input), "pages"],
    queryFn: ({ pageParam, signal }) =>
      client.sessions.search.query({ ...input, cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    ...(q === initialQ && url.show === initialShow
      ? { initialData: { pages: [initial], pageParams: [null] } }
      : {}),
  });
  const pages = query.data?.pages ?? [initial];
  const latest = pages[0] ?? initial;
  const loaded = useMemo(() => pages.flatMap((page) => page.items), [pages]);
  const calm = useCalmRows(loaded);
  const showSpace = new Set(calm.rows.map((row) => row.addressSpace.id)).size > 1;
  const isQuietCustomer = q === "" && url.show === "all" && latest.total === 0;

  return (
    <>
      <PageHead
        title="Who is at…"
        summary={
          <span className="inline-flex flex-wrap items-center gap-x-2">
            <span data-testid="sessions-total">
              {latest.isTotalExact ? "" : "about "}
              {latest.total.toLocaleString("en-GB")} {latest.total === 1 ? "address" : "addresses"}
            </span>
            <AsOf at={latest.asOf} />
          </span>
        }
      />
      <div className="flex flex-col gap-3 px-4 pb-3 sm:px-6">
        <StaleNotice query={query} what="Addresses" />
        <OverlapAlarm />
        <div className="flex flex-wrap items-center gap-3">
          <SearchField
            width="wide"
            label="Search people and addresses"
            placeholder="Address, user, group or device"
            value={url.q}
            onChange={(next) => void setUrl({ q: next === "" ? null : next })}
          />
          <FilterBar
            label="Which addresses"
            value={url.show}
            onChange={(next) => void setUrl({ show: next === "all" ? "all" : null })}
            options={[
              { value: "live", label: "Known now" },
              { value: "all", label: "With those that ended" },
            ]}
          />
        </div>
      </div>
      {calm.isPaused ? (
        <div
          className="sticky top-12 z-20 flex items-center gap-3 border-y border-line bg-accent-wash px-4 py-1.5 text-sm sm:px-6"
          role="status"
        >
          <span>{calm.waiting ? "Newer rows are waiting." : "Live rows pause while you read."}</span>
          <Button
            size="small"
            onClick={() => {
              calm.show();
              window.scrollTo({ top: 0 });
            }}
          >
            {calm.waiting ? "Show them" : "To the top"}
          </Button>
        </div>
      ) : null}
      {calm.rows.length > 0 ? (
        <SessionTableView
          rows={calm.rows}
          showSpace={showSpace}
          isSelected={(row) => row.ip === url.ip && (url.space === null || row.addressSpace.id === url.space)}
          linkOf={(row) => (
            <button
              type="button"
              aria-label={`Explain ${row.ip}`}
              className="rounded-sm font-mono hover:text-accent hover:underline"
              onClick={() => void setUrl({ ip: row.ip, space: row.addressSpace.id })}
            >
              {row.ip}
            </button>
          )}
        />
      ) : isQuietCustomer || (q === "" && url.show === "live") ? (
        <EmptyState title="No one yet">
          The first person appears within seconds after a source has named one. An agent has to be connected,
          and a source has to speak.
        </EmptyState>
      ) : (
        <EmptyFilter
          action={<Button onClick={() => void setUrl({ q: null, show: null })}>Clear search</Button>}
        >
          Nothing is known of “{q}”{" "}
          {url.show === "live"
            ? "now. Somebody may have been there before: look with those that ended."
            : "at this customer."}
        </EmptyFilter>
      )}
      {query.hasNextPage ? (
        <div className="px-4 py-4 sm:px-6">
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show {SESSIONS_PAGE} more
          </Button>
        </div>
      ) : null}
      <SessionDrawer
        ip={url.ip}
        addressSpaceId={url.space}
        onClose={() => void setUrl({ ip: null, space: null })}
      />
    </>
  );
}
