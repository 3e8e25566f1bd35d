"use client";

import { Button } from "@rollcall/ui/button";
import { Diff } from "@rollcall/ui/diff";
import { Drawer } from "@rollcall/ui/drawer";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { SelectField, TextField } from "@rollcall/ui/field";
import { Dash, KeyValue, Mono, PageHead } from "@rollcall/ui/layout";
import { type State, StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time } from "@rollcall/ui/time";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useDeferredValue } from "react";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC, useTRPCClient } from "~/trpc/client.tsx";
import type { Inputs, Outputs } from "~/trpc/outputs.ts";
import { actionWords, OBJECT_KINDS } from "./action-words.ts";
import { fieldChanges } from "./audit-words.ts";
import { ExportAudit } from "./export-audit.tsx";

type Page = Outputs["audit"]["list"];
type Entry = Page["items"][number];

export const PERIODS = ["all", "day", "week", "month", "year"] as const;
const PERIOD_DAYS = { day: 1, week: 7, month: 30, year: 365 } as const;

/** Who did what and when. Filtered and paged by the API; each entry opens to what it changed. */
export function Audit({ initial }: { initial: Page | null }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const mayExport = useMay("audit:export");
  const [url, setUrl] = useQueryStates({
    actor: parseAsString.withDefault(""),
    action: parseAsString.withDefault(""),
    object: parseAsString.withDefault(""),
    period: parseAsStringLiteral(PERIODS).withDefault("all"),
    n: parseAsInteger,
  });
  const actor = useDeferredValue(url.actor.trim());
  const action = useDeferredValue(url.action.trim());
  const isFiltered = actor !== "" || action !== "" || url.object !== "" || url.period !== "all";
  const input: Inputs["audit"]["list"] = {
    customer: customer.slug,
    limit: 50,
    ...(actor === "" ? {} : { actor }),
    ...(action === "" ? {} : { action }),
    ...(url.object === "" ? {} : { objectKind: url.object }),
    ...(url.period === "all" ? {} : { from: startOf(url.period) }),
  };
  const query = useInfiniteQuery({
    queryKey: [...trpc.audit.list.queryKey(input), "pages"],
    queryFn: ({ pageParam, signal }) => client.audit.list.query({ ...input, cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
    ...(!isFiltered && initial !== null ? { initialData: { pages: [initial], pageParams: [null] } } : {}),
  });
  const pages = query.data?.pages ?? [];
  const rows = pages.flatMap((page) => page.items);
  const asOf = pages[0]?.asOf;
  const open = rows.find((row) => row.n === url.n) ?? null;

  return (
    <>
      <PageHead
        title="Audit"
        summary={
          asOf === undefined ? (
            "Newest first."
          ) : (
            <>
              Newest first <AsOf at={asOf} />
            </>
          )
        }
        actions={
          mayExport ? (
            <ExportAudit from={url.period === "all" ? undefined : startOf(url.period)} />
          ) : undefined
        }
      />
      <div className="flex flex-col gap-3 px-4 pb-4 sm:px-6">
        <StaleNotice query={query} what="Audit log" />
        <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
          <TextField
            label="Who"
            placeholder="Part of a name"
            autoComplete="off"
            value={url.actor}
            onChange={(event) => void setUrl({ actor: event.target.value || null })}
          />
          <TextField
            label="What"
            placeholder="directory. or directory.add"
            autoComplete="off"
            spellCheck={false}
            value={url.action}
            onChange={(event) => void setUrl({ action: event.target.value || null })}
          />
          <SelectField
            label="Object"
            value={url.object}
            onChange={(event) => void setUrl({ object: event.target.value || null })}
            options={[{ value: "", label: "Everything" }, ...OBJECT_KINDS]}
          />
          <SelectField
            label="When"
            value={url.period}
            onChange={(event) =>
              void setUrl({ period: PERIODS.find((each) => each === event.target.value) ?? null })
            }
            options={[
              { value: "all", label: "Ever" },
              { value: "day", label: "Last 24 hours" },
              { value: "week", label: "Last 7 days" },
              { value: "month", label: "Last 30 days" },
              { value: "year", label: "Last year" },
            ]}
          />
        </div>
      </div>
      {query.data === undefined ? (
        <p className="appear-late px-4 text-sm text-ink-2 sm:px-6" role="status">
          {query.isError ? "The audit log did not come." : "Asking…"}
        </p>
      ) : rows.length > 0 ? (
        <Table
          caption="Audit entries, newest first"
          rows={rows}
          rowKey={(row) => String(row.n)}
          rowTestId="audit-row"
          refreshing={query.isPlaceholderData}
          isSelected={(row) => row.n === url.n}
          columns={[
            { key: "at", header: "When", width: "15%", cell: (row) => <Time at={row.at} /> },
            { key: "who", header: "Who", width: "18%", cell: (row) => <Actor entry={row} /> },
            {
              key: "what",
              header: "What",
              phone: "lead",
              cell: (row) => (
                <button
                  type="button"
                  className="rounded-sm text-left font-semibold hover:text-accent hover:underline"
                  onClick={() => void setUrl({ n: row.n })}
                >
                  {actionWords(row.action)}
                </button>
              ),
            },
            {
              key: "object",
              header: "Object",
              phone: "line",
              phoneLabel: "",
              cell: (row) => (row.object.name === "" ? <Dash /> : row.object.name),
            },
            {
              key: "change",
              header: "Changed",
              phone: "line",
              width: "22%",
              cell: (row) => <ChangedFields entry={row} />,
            },
            {
              key: "result",
              header: "Result",
              phoneLabel: "",
              cell: (row) => <Result result={row.result} />,
            },
            {
              key: "from",
              header: "From",
              phone: "hide",
              cell: (row) => (row.sourceIp === null ? <Dash /> : <Mono>{row.sourceIp}</Mono>),
            },
          ]}
        />
      ) : isFiltered ? (
        <EmptyFilter
          action={
            <Button onClick={() => void setUrl({ actor: null, action: null, object: null, period: null })}>
              Clear filter
            </Button>
          }
        >
          No entry matches.
        </EmptyFilter>
      ) : (
        <EmptyState title="Nothing is recorded yet">
          Every change, every secret shown and every export is written here, with who did it and what was
          before.
        </EmptyState>
      )}
      {query.hasNextPage ? (
        <div className="px-4 py-4 sm:px-6">
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show earlier entries
          </Button>
        </div>
      ) : null}
      <Drawer
        open={open !== null}
        onOpenChange={(next) => {
          if (!next) void setUrl({ n: null });
        }}
        width="wide"
        title={open === null ? "" : actionWords(open.action)}
        description={open?.object.name}
      >
        {open === null ? null : <EntryDetail entry={open} />}
      </Drawer>
    </>
  );
}

/** The beginning of a period, held to the minute so that one page asks one question. */
function startOf(period: keyof typeof PERIOD_DAYS): Date {
  const minute = 60_000;
  return new Date(Math.floor(Date.now() / minute) * minute - PERIOD_DAYS[period] * 86_400_000);
}

function Actor({ entry }: { entry: Entry }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      {entry.actor.name}
      {entry.actor.kind === "user" || entry.actor.kind === "person" ? null : (
        <span className="text-xs text-ink-3">{entry.actor.kind}</span>
      )}
      {entry.actor.viaProvider ? (
        <span className="rounded-xs bg-info-wash px-1 text-2xs font-semibold text-info-ink">provider</span>
      ) : null}
    </span>
  );
}

function ChangedFields({ entry }: { entry: Entry }) {
  const changes = fieldChanges(entry.before, entry.after);
  if (changes.length === 0) return <Dash />;
  return (
    <span className="text-ink-2">
      {changes
        .map((change) => change.field)
        .slice(0, 4)
        .join(", ")}
      {changes.length > 4 ? ` and ${changes.length - 4} more` : ""}
    </span>
  );
}

const RESULT_STATE: Readonly<Record<string, State>> = {
  ok: "ok",
  done: "ok",
  success: "ok",
  refused: "warn",
  denied: "warn",
  failed: "bad",
};

function Result({ result }: { result: string }) {
  return (
    <StateChip
      state={RESULT_STATE[result] ?? "off"}
      word={
        result === "ok" || result === "success" ? "Done" : result.charAt(0).toUpperCase() + result.slice(1)
      }
    />
  );
}

function EntryDetail({ entry }: { entry: Entry }) {
  const changes = fieldChanges(entry.before, entry.after);
  return (
    <div className="flex flex-col gap-5">
      <KeyValue
        rows={[
          { key: "When", value: <Time at={entry.at} /> },
          { key: "Who", value: <Actor entry={entry} /> },
          { key: "Action", value: <Mono>{entry.action}</Mono> },
          { key: "Object", value: `${entry.object.kind} ${entry.object.name}` },
          { key: "Result", value: <Result result={entry.result} /> },
          { key: "Reason", value: entry.reason ?? <Dash /> },
          { key: "From", value: entry.sourceIp === null ? <Dash /> : <Mono>{entry.sourceIp}</Mono> },
          { key: "Request", value: entry.requestId === null ? <Dash /> : <Mono>{entry.requestId}</Mono> },
          { key: "Entry", value: `${entry.n}` },
          { key: "Hash", value: <Mono>{entry.hash}</Mono> },
        ]}
      />
      <section aria-label="What changed">
        <h3 className="mb-1 text-sm font-semibold">What changed</h3>
        {changes.length === 0 ? (
          <p className="text-sm text-ink-2">
            {entry.before === null && entry.after === null
              ? "No detail is kept with this entry."
              : "No field changed."}
          </p>
        ) : (
          <Diff changes={changes} />
        )}
      </section>
    </div>
  );
}
