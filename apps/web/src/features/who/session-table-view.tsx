import { Dash } from "@rollcall/ui/layout";
import { StateGlyph } from "@rollcall/ui/state";
import { type Column, Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import type { ReactNode } from "react";
import { accountOf, becauseInWords, type Session } from "./session-words.ts";

export const SESSION_HEADERS = [
  { header: "Address", width: "14%" },
  { header: "Person", width: "20%" },
  { header: "Device", width: "12%" },
  { header: "Groups", width: "22%" },
  { header: "How" },
  { header: "Since" },
  { header: "Last seen" },
  { header: "Runs out" },
] as const;

/** Who is at which address: rows it is given, no fetching, no state. */
export function SessionTableView({
  rows,
  linkOf,
  isSelected,
  showSpace,
}: {
  rows: readonly Session[];
  /** The address as something that opens the explanation. */
  linkOf: (row: Session) => ReactNode;
  isSelected?: (row: Session) => boolean;
  /** With several address spaces, one address can be several hosts. */
  showSpace: boolean;
}) {
  return (
    <Table
      caption="Who is at which address, newest first"
      rows={rows}
      rowKey={(row) => `${row.addressSpace.id} ${row.ip}`}
      rowTestId="session-row"
      isSelected={isSelected}
      columns={columns(linkOf, showSpace)}
    />
  );
}

function columns(linkOf: (row: Session) => ReactNode, showSpace: boolean): readonly Column<Session>[] {
  return [
    {
      key: "ip",
      header: "Address",
      width: "14%",
      phone: "lead",
      cell: (row) => (
        <span className="inline-flex items-center gap-2">
          <StateGlyph state={row.isLive ? "ok" : "never"} label={row.isLive ? "Known now" : "Nobody now"} />
          {linkOf(row)}
          {showSpace ? <span className="text-xs text-ink-3">{row.addressSpace.name}</span> : null}
        </span>
      ),
    },
    {
      key: "person",
      header: "Person",
      width: "20%",
      phone: "line",
      phoneLabel: "",
      cell: (row) =>
        row.user === null ? (
          <span className="text-ink-2">
            {becauseInWords(row.unknownBecause)}
            {row.lastUser === null ? null : (
              <span className="text-ink-3">
                {" "}
                · was {row.lastUser.domain === "" ? "" : `${row.lastUser.domain}\\`}
                {row.lastUser.name}
              </span>
            )}
          </span>
        ) : (
          <span className="min-w-0">
            <span className="font-semibold break-all">{accountOf(row)}</span>
            {row.user.displayName === null ? null : (
              <span className="block text-xs text-ink-3">{row.user.displayName}</span>
            )}
          </span>
        ),
    },
    {
      key: "device",
      header: "Device",
      width: "12%",
      cell: (row) => (row.device === null ? <Dash /> : row.device.name),
    },
    {
      key: "groups",
      header: "Groups",
      width: "22%",
      phone: "line",
      cell: (row) => <Groups groups={row.user?.groups ?? []} />,
    },
    { key: "how", header: "How", cell: (row) => (row.source === null ? <Dash /> : row.source.name) },
    { key: "since", header: "Since", align: "end", cell: (row) => <TimeAgo at={row.since} none="—" /> },
    {
      key: "seen",
      header: "Last seen",
      align: "end",
      cell: (row) => <TimeAgo at={row.lastSeenAt} none="—" />,
    },
    {
      key: "end",
      header: "Runs out",
      align: "end",
      cell: (row) => (row.isLive ? <TimeAgo at={row.expiresAt} none="—" future /> : <Dash />),
    },
  ];
}

function Groups({ groups }: { groups: readonly string[] }) {
  if (groups.length === 0) return <Dash />;
  const shown = groups.slice(0, 3).join(", ");
  const rest = groups.length - 3;
  return (
    <span title={groups.join(", ")} className="text-ink-2">
      {shown}
      {rest > 0 ? <span className="text-ink-3"> and {rest} more</span> : null}
    </span>
  );
}
