"use client";

import { Button } from "@rollcall/ui/button";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { PageHead } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { OnDemand } from "@rollcall/ui/on-demand";
import { FilterBar, SearchField } from "@rollcall/ui/search-field";
import { STATE_WORDS, type State } from "@rollcall/ui/state";
import type { SortState } from "@rollcall/ui/table";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { lazy, useDeferredValue } from "react";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { CustomerTableView, type SortKey } from "./customer-table-view.tsx";
import { CUSTOMERS_LIMIT } from "./customers-limit.ts";
import { customersInWords, sortCustomers } from "./sort-customers.ts";

const loadAdd = () => import("./add-customer-drawer.tsx");
const AddCustomerDrawer = lazy(loadAdd);
const STATES = ["bad", "warn", "unknown", "busy", "never", "off", "ok"] as const satisfies readonly State[];

/** The practice's landing page: where is it broken? Search, filter and order live in the address. */
export function Customers({
  initial,
  initialSearch,
}: {
  initial: Outputs["customers"]["list"];
  initialSearch: string;
}) {
  const [url, setUrl] = useQueryStates({
    q: parseAsString.withDefault(""),
    health: parseAsStringLiteral(STATES),
    sort: parseAsStringLiteral(["worst", "name", "people", "word"]).withDefault("worst"),
    reversed: parseAsBoolean.withDefault(false),
    add: parseAsBoolean.withDefault(false),
  });
  const search = useDeferredValue(url.q.trim());
  const trpc = useTRPC();
  const mayAdd = useMay("customer:create");
  const query = useQuery(
    trpc.customers.list.queryOptions(
      { search, limit: CUSTOMERS_LIMIT },
      {
        ...LIVE,
        placeholderData: keepPreviousData,
        ...(search === initialSearch ? { initialData: initial } : {}),
      },
    ),
  );
  const page = query.data ?? initial;
  const filtered =
    url.health === null ? page.items : page.items.filter((row) => row.chain.state === url.health);
  const rows = sortCustomers(filtered, url.sort, url.reversed);
  const isEmptyPractice = page.total === 0 && search === "";

  const sortOf = (key: SortKey): SortState => ({
    direction: url.sort !== key ? "none" : url.reversed ? "descending" : "ascending",
    onToggle: () => void setUrl({ sort: key, reversed: url.sort === key ? !url.reversed : false }),
  });
  const addButton = mayAdd ? (
    <Button variant="primary" onClick={() => void setUrl({ add: true })}>
      Add customer
    </Button>
  ) : undefined;

  return (
    <>
      <PageHead
        title="Customers"
        summary={<span data-testid="customers-summary">{customersInWords(page.items, page.total)}</span>}
        actions={isEmptyPractice ? undefined : addButton}
      />
      <div className="flex flex-col gap-3 px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Customers" />
        {page.failed.length === 0 ? null : (
          <Notice tone="warn" title={`${page.failed.length} of ${page.total} customers did not answer`} live>
            {page.failed.map((each) => each.name).join(", ")}. Their firewalls keep being answered; only this
            list is not whole.
          </Notice>
        )}
        {isEmptyPractice ? null : (
          <div className="flex flex-wrap items-center gap-3">
            <SearchField
              label="Search customers"
              placeholder="Name or domain"
              value={url.q}
              onChange={(q) => void setUrl({ q: q === "" ? null : q })}
            />
            <FilterBar
              label="Health"
              value={url.health ?? "all"}
              onChange={(next) => void setUrl({ health: STATES.find((state) => state === next) ?? null })}
              options={[
                { value: "all", label: "All", count: page.items.length },
                ...STATES.map((state) => ({
                  value: state,
                  label: STATE_WORDS[state],
                  count: page.items.filter((row) => row.chain.state === state).length,
                })).filter((option) => option.count > 0 || option.value === url.health),
              ]}
            />
          </div>
        )}
      </div>
      {isEmptyPractice ? (
        <EmptyState title="No customers yet" action={addButton}>
          A customer is a company whose firewalls you tell who is behind an address. Add the first one: four
          fields, then its set-up page leads you from the agent to the first name a firewall was told.
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyFilter
          action={<Button onClick={() => void setUrl({ q: null, health: null })}>Clear filter</Button>}
        >
          No customer matches
          {url.q === "" ? "" : ` “${url.q}”`}
          {url.health === null ? "" : ` in ${STATE_WORDS[url.health]}`}. Without the filter there{" "}
          {page.items.length === 1 ? "is 1" : `are ${page.items.length}`}.
        </EmptyFilter>
      ) : (
        <CustomerTableView rows={rows} refreshing={query.isPlaceholderData} sortOf={sortOf} />
      )}
      {page.total > page.items.length ? (
        <p className="px-4 py-3 text-sm text-ink-2 sm:px-6">
          These are the {page.items.length} worst of {page.total.toLocaleString("en-GB")}. Search to find the
          others.
        </p>
      ) : null}
      {mayAdd ? (
        <OnDemand wanted={url.add} load={loadAdd}>
          <AddCustomerDrawer open={url.add} onOpenChange={(add) => void setUrl({ add: add ? true : null })} />
        </OnDemand>
      ) : null}
    </>
  );
}
