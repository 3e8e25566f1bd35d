import type { CustomerRow, SortKey } from "./customer-table-view.tsx";

/** Shape: the API's order (worst first) for `worst`; else by name, most people first, or longest silent first. */
export function sortCustomers(
  rows: readonly CustomerRow[],
  key: SortKey,
  reversed: boolean,
): readonly CustomerRow[] {
  const compare = COMPARE[key];
  const sorted = compare === null ? [...rows] : [...rows].sort(compare);
  return reversed ? sorted.reverse() : sorted;
}

const COMPARE: Readonly<Record<SortKey, ((a: CustomerRow, b: CustomerRow) => number) | null>> = {
  worst: null,
  name: (a, b) => a.name.localeCompare(b.name, "en"),
  people: (a, b) => b.peopleNow - a.peopleNow,
  word: (a, b) => (a.lastWordAt?.getTime() ?? 0) - (b.lastWordAt?.getTime() ?? 0),
};

/** "38 customers · 55,402 people identified · 3 broken, 4 degraded" */
export function customersInWords(rows: readonly CustomerRow[], total: number): string {
  const people = rows.reduce((sum, row) => sum + row.peopleNow, 0);
  const broken = rows.filter((row) => row.chain.state === "bad").length;
  const degraded = rows.filter((row) => row.chain.state === "warn").length;
  const troubles = [
    broken > 0 ? `${broken} broken` : null,
    degraded > 0 ? `${degraded} degraded` : null,
  ].filter((each) => each !== null);
  return [
    total === 1 ? "1 customer" : `${total.toLocaleString("en-GB")} customers`,
    people === 1 ? "1 person identified" : `${people.toLocaleString("en-GB")} people identified`,
    ...(troubles.length > 0 ? [troubles.join(", ")] : []),
  ].join(" · ");
}
