/** The counters that say at a glance what a source does, in this order; whatever collectors call them. */
const WORDS: Readonly<Record<string, string>> = {
  users: "users",
  devices: "devices",
  computers: "computers",
  groups: "groups",
  lines: "lines",
  received: "received",
  asked: "asked",
  matched: "matched",
  unmatched: "unmatched",
  rejected: "refused",
  dropped: "dropped",
};

type Counters = Readonly<Record<string, number>>;

const said = (value: number, word: string) => `${value.toLocaleString("en-GB")} ${word}`;

/** "1,204 users, 310 devices": for a row of a table. Shape: empty where none of these was counted. */
export function countersInWords(counters: Counters): string {
  return Object.entries(WORDS)
    .flatMap(([name, word]) => {
      const value = counters[name];
      return value === undefined ? [] : [said(value, word)];
    })
    .join(", ");
}

/** The same, and every other counter that is not nought, as it is called: for the page of one source. */
export function allCountersInWords(counters: Counters): string {
  const others = Object.entries(counters)
    .filter(([name, value]) => !(name in WORDS) && value !== 0)
    .map(([name, value]) => said(value, spelledOut(name)))
    .sort((a, b) => a.localeCompare(b));
  return [countersInWords(counters), ...others].filter((text) => text !== "").join(", ");
}

function spelledOut(name: string): string {
  return name
    .replace(/([A-Z])/g, " $1")
    .replace(/[_-]/g, " ")
    .toLowerCase();
}
