import type { Difference } from "./compare-tables.ts";

const COLUMNS = ["ip", "kind", "here", "there", "source", "since"] as const;

type Row = Readonly<Record<Exclude<(typeof COLUMNS)[number], "since">, string>> & Pick<Difference, "since">;

/** The differences as a file: a CSV for spreadsheets, or NDJSON for programs. */
export function exportDifferences(differences: readonly Row[], form: "csv" | "ndjson"): string {
  const rows = differences.map((one) => ({ ...one, since: new Date(one.since).toISOString() }));
  if (form === "ndjson") return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const lines = [
    COLUMNS.join(","),
    ...rows.map((row) => COLUMNS.map((column) => cell(row[column])).join(",")),
  ];
  return lines.map((line) => `${line}\r\n`).join("");
}

/** A cell that a spreadsheet would take for a formula is marked as text: names come from elsewhere. Source: RFC 4180 (documented). */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
