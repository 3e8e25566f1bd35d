import { Button } from "@rollcall/ui/button";
import { Dash } from "@rollcall/ui/layout";
import { type State, StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time, TimeAgo } from "@rollcall/ui/time";
import type { Outputs } from "~/trpc/outputs.ts";

export type Enrolment = Outputs["agents"]["enrolments"]["items"][number];

const STATE: Readonly<Record<Enrolment["state"], { readonly state: State; readonly word: string }>> = {
  waiting: { state: "never", word: "Not read yet" },
  read: { state: "busy", word: "File read" },
  used: { state: "ok", word: "Used" },
  expired: { state: "off", word: "Expired" },
  revoked: { state: "off", word: "Revoked" },
};

/** The onboarding files that were made, and what became of each. */
export function EnrolmentTableView({
  rows,
  onRevoke,
}: {
  rows: readonly Enrolment[];
  onRevoke: ((row: Enrolment) => void) | undefined;
}) {
  return (
    <Table
      caption="Onboarding files, newest first"
      inset
      rows={rows}
      rowKey={(row) => row.id}
      rowTestId="enrolment-row"
      columns={[
        {
          key: "name",
          header: "For agent",
          phone: "lead",
          cell: (row) => <span className="font-semibold">{row.agentName}</span>,
        },
        { key: "state", header: "State", phoneLabel: "", cell: (row) => <StateChip {...STATE[row.state]} /> },
        { key: "site", header: "Site", cell: (row) => row.site.name },
        { key: "made", header: "Made", cell: (row) => <TimeAgo at={row.createdAt} /> },
        {
          key: "read",
          header: "Read on site",
          cell: (row) => <TimeAgo at={row.fileReadAt} none="not yet" />,
        },
        {
          key: "end",
          header: "Ends",
          cell: (row) => (row.state === "used" ? <Dash /> : <Time at={row.notAfter} />),
        },
        {
          key: "refusal",
          header: "Last refusal",
          width: "22%",
          phone: "line",
          phoneLabel: "",
          cell: (row) =>
            row.lastRefusal === null ? <Dash /> : <span className="text-bad-ink">{row.lastRefusal}</span>,
        },
        {
          key: "do",
          header: "Actions",
          headerHidden: true,
          align: "end",
          phoneLabel: "",
          cell: (row) =>
            onRevoke !== undefined && (row.state === "waiting" || row.state === "read") ? (
              <Button
                size="small"
                variant="danger"
                aria-label={`Revoke the onboarding file of ${row.agentName}`}
                onClick={() => onRevoke(row)}
              >
                Revoke
              </Button>
            ) : null,
        },
      ]}
    />
  );
}
