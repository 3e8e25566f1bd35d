import { Dash, Mono } from "@rollcall/ui/layout";
import { StateChip } from "@rollcall/ui/state";
import { type Column, Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import Link from "next/link";
import type { Outputs } from "~/trpc/outputs.ts";

export type AgentRow = Outputs["agents"]["list"]["items"][number];

export const AGENT_HEADERS = [
  { header: "Agent", width: "18%" },
  { header: "Health" },
  { header: "What is wrong", width: "26%" },
  { header: "Site" },
  { header: "Version" },
  { header: "People" },
  { header: "Waiting" },
  { header: "Last word" },
] as const;

/** The customer's agents, each with its health and its cause. */
export function AgentTableView({ rows, slug }: { rows: readonly AgentRow[]; slug: string }) {
  return (
    <Table
      caption="Agents"
      rows={rows}
      rowKey={(row) => row.id}
      rowTestId="agent-row"
      columns={columns(slug)}
    />
  );
}

function columns(slug: string): readonly Column<AgentRow>[] {
  return [
    {
      key: "name",
      header: "Agent",
      width: "18%",
      phone: "lead",
      cell: (row) => (
        <Link
          href={`/c/${slug}/agents/${row.id}`}
          className="rounded-sm font-semibold hover:text-accent hover:underline"
        >
          {row.name}
        </Link>
      ),
    },
    { key: "health", header: "Health", phoneLabel: "", cell: (row) => <AgentChip row={row} /> },
    {
      key: "wrong",
      header: "What is wrong",
      width: "26%",
      phone: "line",
      phoneLabel: "",
      cell: (row) =>
        row.health.state === "ok" ? <Dash /> : <span className="text-ink-2">{row.health.sentence}</span>,
    },
    { key: "site", header: "Site", cell: (row) => row.site.name },
    {
      key: "version",
      header: "Version",
      cell: (row) => (row.version === null ? <Dash /> : <Mono>{row.version}</Mono>),
    },
    {
      key: "sessions",
      header: "People",
      align: "end",
      cell: (row) => (row.sessions === null ? <Dash /> : row.sessions.toLocaleString("en-GB")),
    },
    {
      key: "pending",
      header: "Waiting",
      align: "end",
      cell: (row) => (row.pending === null ? <Dash /> : row.pending.toLocaleString("en-GB")),
    },
    { key: "last", header: "Last word", align: "end", cell: (row) => <TimeAgo at={row.lastSeenAt} /> },
  ];
}

/** Revoked and locked are decisions of people: they are said instead of the health. */
export function AgentChip({ row }: { row: Pick<AgentRow, "state" | "health"> }) {
  if (row.state === "revoked") return <StateChip state="off" word="Revoked" />;
  if (row.state === "locked") return <StateChip state="bad" word="Locked" />;
  return <StateChip state={row.health.state} />;
}
