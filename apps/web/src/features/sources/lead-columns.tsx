import { type State, StateChip } from "@rollcall/ui/state";
import type { Column } from "@rollcall/ui/table";
import Link from "next/link";
import type { ReactNode } from "react";

const NAME = "rounded-sm text-left font-semibold hover:text-accent hover:underline";

interface LeadColumns<Row> {
  /** What a row is. */
  readonly header: string;
  readonly nameWidth: string;
  readonly saysWidth: string;
  /** Where the name leads: a page, or a drawer on this one. */
  readonly open: { readonly href: (row: Row) => string } | { readonly onOpen: (row: Row) => void };
  readonly state: { readonly header: string; readonly chip: (row: Row) => ReactNode };
  readonly says: { readonly header: string; readonly sentence: (row: Row) => string };
}

/** The first columns of a list of what is read, and of what it is read with: its name, how it is, what it says of itself. */
export function leadColumns<Row extends { readonly name: string }>({
  header,
  nameWidth,
  saysWidth,
  open,
  state,
  says,
}: LeadColumns<Row>): readonly Column<Row>[] {
  return [
    {
      key: "name",
      header,
      phone: "lead",
      width: nameWidth,
      cell: (row) =>
        "href" in open ? (
          <Link className={NAME} href={open.href(row)}>
            {row.name}
          </Link>
        ) : (
          <button type="button" className={NAME} onClick={() => open.onOpen(row)}>
            {row.name}
          </button>
        ),
    },
    { key: "state", header: state.header, phoneLabel: "", cell: state.chip },
    {
      key: "what",
      header: says.header,
      width: saysWidth,
      phone: "line",
      phoneLabel: "",
      cell: (row) => <span className="text-ink-2">{says.sentence(row)}</span>,
    },
  ];
}

/** The same for what has a health. */
export function sourceColumns<
  Row extends {
    readonly name: string;
    readonly health: { readonly state: State; readonly sentence: string };
  },
>(of: Omit<LeadColumns<Row>, "state" | "says">): readonly Column<Row>[] {
  return leadColumns({
    ...of,
    state: { header: "Health", chip: (row) => <StateChip state={row.health.state} /> },
    says: { header: "What it says", sentence: (row) => row.health.sentence },
  });
}
