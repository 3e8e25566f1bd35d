import type { ReactNode } from "react";

export interface Column<Row> {
  readonly key: string;
  readonly header: string;
  /** Said to a screen reader only: for a column of buttons. */
  readonly headerHidden?: boolean;
  readonly align?: "end";
  /** A CSS width of the column, the same while loading and when filled. */
  readonly width?: string;
  /** What a phone makes of it: the row's first line, a line of its own, a labelled value (default), or nothing. */
  readonly phone?: "lead" | "line" | "hide";
  /** The label a phone prints before the value; the header where absent, none where empty. */
  readonly phoneLabel?: string;
  readonly cell: (row: Row) => ReactNode;
  readonly sort?: SortState;
}

export interface SortState {
  readonly direction: "ascending" | "descending" | "none";
  readonly onToggle: () => void;
}

export interface TableProps<Row> {
  /** What the table holds and in which order, for those who cannot see it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly isSelected?: (row: Row) => boolean;
  readonly rowTestId?: string;
  /** Old rows while newer ones are fetched: kept at 60 % ink. */
  readonly refreshing?: boolean;
  /** Inside a panel: tighter edges, no last rule. */
  readonly inset?: boolean;
}

/** Written out, though implied: a phone lays the rows out as blocks, and with `display` the implied role goes. */
const ROLE = {
  table: { role: "table" },
  rowgroup: { role: "rowgroup" },
  row: { role: "row" },
  cell: { role: "cell" },
  columnheader: { role: "columnheader" },
} as const;

/** Renders the rows it is given as a ledger: no fetching, no state. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  isSelected,
  rowTestId,
  refreshing = false,
  inset = false,
}: TableProps<Row>) {
  return (
    <div className="relative overflow-x-auto" aria-busy={refreshing}>
      <table {...ROLE.table} className={`ledger ${refreshing ? "opacity-60" : ""}`} data-inset={inset}>
        <caption className="sr-only">{caption}</caption>
        <Head columns={columns} />
        <tbody {...ROLE.rowgroup}>
          {rows.map((row) => (
            <tr
              {...ROLE.row}
              key={rowKey(row)}
              data-testid={rowTestId}
              data-row={rowKey(row)}
              data-selected={isSelected?.(row) ?? false}
            >
              {columns.map((column) => (
                <td
                  {...ROLE.cell}
                  key={column.key}
                  data-align={column.align}
                  data-phone={column.phone}
                  data-label={(column.phoneLabel ?? column.header) || undefined}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head<Row>({ columns }: { columns: readonly Column<Row>[] }) {
  return (
    <thead {...ROLE.rowgroup}>
      <tr {...ROLE.row}>
        {columns.map((column) => (
          <th
            {...ROLE.columnheader}
            scope="col"
            key={column.key}
            data-align={column.align}
            style={column.width === undefined ? undefined : { width: column.width }}
            aria-sort={column.sort?.direction}
          >
            {column.sort === undefined ? (
              column.headerHidden === true ? (
                <span className="sr-only">{column.header}</span>
              ) : (
                column.header
              )
            ) : (
              <button
                type="button"
                onClick={column.sort.onToggle}
                className="-mx-1 inline-flex h-6 items-center gap-1 rounded-sm px-1 font-semibold hover:text-ink"
              >
                {column.align === "end" ? <SortMark direction={column.sort.direction} /> : null}
                {column.header}
                {column.align === "end" ? null : <SortMark direction={column.sort.direction} />}
              </button>
            )}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** Keeps its place, so that headers do not jump when the order changes. */
function SortMark({ direction }: { direction: SortState["direction"] }) {
  return (
    <span aria-hidden className="w-3 text-ink-3">
      {direction === "ascending" ? "↑" : direction === "descending" ? "↓" : ""}
    </span>
  );
}

/** The shape of a table while it is fetched: the real columns at their real widths. Says so after a moment. */
export function SkeletonTable({
  headers,
  rows = 8,
}: {
  headers: readonly { readonly header: string; readonly width?: string }[];
  rows?: number;
}) {
  return (
    <div className="appear-late" role="status">
      <span className="sr-only">Loading</span>
      <table className="ledger" aria-hidden>
        <thead>
          <tr>
            {headers.map((each) => (
              <th key={each.header} style={each.width === undefined ? undefined : { width: each.width }}>
                {each.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: rows }, (_, row) => row).map((row) => (
            <tr key={row}>
              {headers.map((each, column) => (
                <td key={each.header}>
                  <span
                    className={`inline-block h-3 rounded-xs bg-off-wash ${BAR[(row + column) % BAR.length]}`}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const BAR = ["w-24", "w-16", "w-32", "w-20", "w-12"] as const;
