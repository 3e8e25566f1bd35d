import { ChainGlyphs } from "@rollcall/ui/chain";
import { Dash } from "@rollcall/ui/layout";
import { Monogram } from "@rollcall/ui/monogram";
import { StateChip } from "@rollcall/ui/state";
import { type Column, type SortState, Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import Link from "next/link";
import type { Outputs } from "~/trpc/outputs.ts";
import { chainLinks } from "./chain-words.ts";

export type CustomerRow = Outputs["customers"]["list"]["items"][number];
export type SortKey = "worst" | "name" | "people" | "word";

/** Every customer on one line: is it well, where does the chain break, what is wrong, since when. */
export function CustomerTableView({
  rows,
  refreshing,
  sortOf,
}: {
  rows: readonly CustomerRow[];
  refreshing: boolean;
  sortOf: (key: SortKey) => SortState;
}) {
  return (
    <Table
      caption="Customers, worst first unless sorted otherwise"
      columns={columns(sortOf)}
      rows={rows}
      rowKey={(row) => row.slug}
      rowTestId="customer-row"
      refreshing={refreshing}
    />
  );
}

export const CUSTOMER_HEADERS = [
  { header: "Customer", width: "22%" },
  { header: "Health" },
  { header: "Chain" },
  { header: "What is wrong", width: "28%" },
  { header: "Sites" },
  { header: "Agents" },
  { header: "Firewalls" },
  { header: "People now" },
  { header: "Last word" },
] as const;

function columns(sortOf: (key: SortKey) => SortState): readonly Column<CustomerRow>[] {
  return [
    {
      key: "name",
      header: "Customer",
      width: "22%",
      phone: "lead",
      sort: sortOf("name"),
      cell: (row) => (
        <span className="flex min-w-0 items-center gap-2">
          <Monogram name={row.name} hue={row.hue} />
          <Link
            href={`/c/${row.slug}`}
            className="rounded-sm font-semibold text-ink hover:text-accent hover:underline"
          >
            {row.name}
          </Link>
        </span>
      ),
    },
    {
      key: "health",
      header: "Health",
      phoneLabel: "",
      sort: sortOf("worst"),
      cell: (row) => <StateChip state={row.chain.state} />,
    },
    {
      key: "chain",
      header: "Chain",
      phoneLabel: "",
      cell: (row) => <ChainGlyphs links={chainLinks(row.chain.links)} />,
    },
    {
      key: "wrong",
      header: "What is wrong",
      width: "28%",
      phone: "line",
      phoneLabel: "",
      cell: (row) => <Wrong row={row} />,
    },
    { key: "sites", header: "Sites", align: "end", phone: "hide", cell: (row) => row.sites },
    { key: "agents", header: "Agents", align: "end", cell: (row) => <OfAll {...row.agents} /> },
    { key: "firewalls", header: "Firewalls", align: "end", cell: (row) => <OfAll {...row.firewalls} /> },
    {
      key: "people",
      header: "People now",
      phoneLabel: "People",
      align: "end",
      sort: sortOf("people"),
      cell: (row) =>
        row.peopleNow === 0 ? (
          <Dash />
        ) : (
          <span className="font-semibold">{row.peopleNow.toLocaleString("en-GB")}</span>
        ),
    },
    {
      key: "word",
      header: "Last word",
      align: "end",
      sort: sortOf("word"),
      cell: (row) => <TimeAgo at={row.lastWordAt} />,
    },
  ];
}

function OfAll({ ok, all }: { ok: number; all: number }) {
  if (all === 0) return <span className="text-ink-3">0</span>;
  return (
    <span>
      {ok}/{all}
    </span>
  );
}

function Wrong({ row }: { row: CustomerRow }) {
  const isSettingUp = row.setup.done < row.setup.of;
  if (row.chain.state === "ok" && !isSettingUp) return <Dash />;
  return (
    <span className="text-ink-2">
      {row.chain.state === "ok" ? null : row.chain.sentence}
      {row.chain.state === "ok" || !isSettingUp ? null : " · "}
      {isSettingUp ? (
        <Link
          href={`/c/${row.slug}/set-up`}
          className="whitespace-nowrap text-accent underline underline-offset-2"
        >
          Set-up {row.setup.done} of {row.setup.of}
        </Link>
      ) : null}
    </span>
  );
}
