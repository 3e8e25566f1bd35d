/** Counters as collectors name them, in words; what has no word is shown as it is called. */
const WORDS: Readonly<Record<string, string>> = {
  lines: "lines",
  received: "lines",
  matched: "matched",
  unmatched: "unmatched",
  rejected: "refused",
  dropped: "dropped",
  users: "users",
  devices: "devices",
  computers: "devices",
  groups: "groups",
};

/** "1,204 users, 310 devices". Shape: empty where nothing was counted. */
export function countersInWords(counters: Readonly<Record<string, number>>): string {
  return Object.entries(counters)
    .map(
      ([name, value]) =>
        `${value.toLocaleString("en-GB")} ${
          WORDS[name] ??
          name
            .replace(/([A-Z])/g, " $1")
            .replace(/[_-]/g, " ")
            .toLowerCase()
        }`,
    )
    .join(", ");
}
