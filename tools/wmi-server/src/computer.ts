import type { ColumnType, Row } from "./write-object.ts";

/** Who is at the computer, as a test or a person wants it. May change while it is asked. */
export interface Seats {
  /** `DOMAIN\user` at the console; null: nobody. */
  console: string | null;
  /** `DOMAIN\user` of sessions over the network. */
  remote: readonly string[];
}

export interface Computer {
  readonly name: string;
  /** DNS name of its domain; null: a workgroup. */
  readonly domain: string | null;
  readonly seats: Seats;
}

export interface WmiClass {
  readonly columns: readonly ColumnType[];
  rows(computer: Computer): readonly Row[];
}

/** First of the ids of sessions over the network. */
const REMOTE_SESSION = 1_000_000;
const REMOTE_INTERACTIVE = 10;
const INTERACTIVE = 2;

const text = (name: string): ColumnType => ({ name, type: "string" });

/** The three classes that are asked for, with the columns of theirs that matter. */
export const CLASSES: Readonly<Record<string, WmiClass>> = {
  Win32_ComputerSystem: {
    columns: [text("Domain"), text("Name"), { name: "PartOfDomain", type: "boolean" }, text("UserName")],
    rows: ({ name, domain, seats }) => [
      { UserName: seats.console, Name: name, Domain: domain ?? "WORKGROUP", PartOfDomain: domain !== null },
    ],
  },
  Win32_LogonSession: {
    columns: [text("LogonId"), { name: "LogonType", type: "uint32" }],
    rows: ({ seats }) => [
      // Windows has a session of its own for what draws the screen.
      { LogonId: "70000", LogonType: INTERACTIVE },
      ...seats.remote.map((_, index) => ({
        LogonId: String(REMOTE_SESSION + index),
        LogonType: REMOTE_INTERACTIVE,
      })),
    ],
  },
  Win32_LoggedOnUser: {
    columns: [text("Antecedent"), text("Dependent")],
    rows: ({ seats }) => [
      { Antecedent: account("Window Manager", "DWM-1"), Dependent: session("70000") },
      { Antecedent: account("NT AUTHORITY", "SYSTEM"), Dependent: session("999") },
      ...seats.remote.map((one, index) => {
        const [domain = "", user = ""] = one.split("\\");
        return { Antecedent: account(domain, user), Dependent: session(String(REMOTE_SESSION + index)) };
      }),
    ],
  },
};

function account(domain: string, name: string): string {
  return `\\\\.\\root\\cimv2:Win32_Account.Domain="${domain}",Name="${name}"`;
}

function session(id: string): string {
  return `\\\\.\\root\\cimv2:Win32_LogonSession.LogonId="${id}"`;
}

export type Answer =
  | {
      readonly kind: "rows";
      readonly className: string;
      readonly columns: readonly ColumnType[];
      readonly rows: readonly Row[];
    }
  | { readonly kind: "refused"; readonly status: number };

const INVALID_QUERY = 0x8004_1017;
const INVALID_CLASS = 0x8004_1010;

/** Answers `SELECT a,b FROM Class [WHERE a=1 OR a=2]`: as much WQL as this product asks. */
export function answerQuery(query: string, computer: Computer): Answer {
  const parts = /^\s*SELECT\s+([\w,\s*]+?)\s+FROM\s+(\w+)(?:\s+WHERE\s+(.+))?\s*$/i.exec(query);
  if (parts === null) return { kind: "refused", status: INVALID_QUERY };
  const [, selected = "", className = "", where] = parts;
  const found = Object.entries(CLASSES).find(([name]) => name.toLowerCase() === className.toLowerCase());
  if (found === undefined) return { kind: "refused", status: INVALID_CLASS };
  const [name, { columns, rows }] = found;
  const wanted = selected.split(",").map((column) => column.trim().toLowerCase());
  const isAll = wanted.includes("*");
  const shown = columns.filter((column) => isAll || wanted.includes(column.name.toLowerCase()));
  if (shown.length === 0) return { kind: "refused", status: INVALID_QUERY };
  const terms = (where ?? "").split(/\s+OR\s+/i).flatMap((term) => {
    const [, column, value] = /^(\w+)\s*=\s*(\w+)$/.exec(term.trim()) ?? [];
    return column === undefined || value === undefined ? [] : [{ column, value }];
  });
  const matches = (row: Row): boolean =>
    terms.length === 0 || terms.some(({ column, value }) => String(row[column]) === value);
  return { kind: "rows", className: name, columns: shown, rows: rows(computer).filter(matches) };
}
