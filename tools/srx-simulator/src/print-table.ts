import type { TableEntry } from "./authentication-table.ts";

export type OutputForm = "table" | "json" | "ndjson";

const COLUMNS: readonly { title: string; of: (entry: TableEntry) => string }[] = [
  { title: "Address", of: (entry) => entry.ip },
  { title: "State", of: (entry) => entry.state },
  {
    title: "User",
    of: (entry) => (entry.user && entry.domain ? `${entry.domain}\\${entry.user}` : entry.user || "-"),
  },
  { title: "Groups", of: (entry) => shorten(entry.groups.join(", "), 48) || "-" },
  { title: "Device", of: (entry) => entry.device ?? "-" },
  { title: "Source", of: (entry) => entry.source || "-" },
  { title: "Since (UTC)", of: (entry) => entry.since.slice(0, 19).replace("T", " ") },
];

/** Writes the table for a person, for a program, or one row a line. Ends with a line break. */
export function printTable(entries: readonly TableEntry[], form: OutputForm): string {
  switch (form) {
    case "json":
      return `${JSON.stringify(entries)}\n`;
    case "ndjson":
      return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    case "table":
      return printColumns(entries);
  }
}

function printColumns(entries: readonly TableEntry[]): string {
  if (entries.length === 0) return "The authentication table is empty.\n";
  // What a server sends goes to a terminal: control characters must not act there.
  const rows = entries.map((entry) => COLUMNS.map(({ of }) => of(entry).replaceAll(/\p{Cc}/gu, "?")));
  const widths = COLUMNS.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  const total = `${entries.length} ${entries.length === 1 ? "entry" : "entries"}`;
  return `${[line(COLUMNS.map(({ title }) => title)), ...rows.map(line), total].join("\n")}\n`;
}

function shorten(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}
