import type { Outputs } from "~/trpc/outputs.ts";

export type Suggestion = Outputs["suggestions"]["list"]["items"][number];

export const KIND_WORDS: Readonly<Record<Suggestion["kind"], string>> = {
  "service-account": "a service account",
  "multi-user": "a shared host",
  nat: "a translated network (NAT)",
};

/** The account or the address, as a person says it. */
export function subjectOf({ account, address }: Pick<Suggestion, "account" | "address">): string {
  if (address !== null) return address.ip;
  if (account === null) return "";
  return account.domain === "" ? account.name : `${account.domain}\\${account.name}`;
}

/** What was counted, over the time that it is counted in. */
export function evidenceOf({ kind, count }: Pick<Suggestion, "kind" | "count">): string {
  switch (kind) {
    case "service-account":
      return `at ${count} addresses within an hour`;
    case "multi-user":
      return `${count} people within 15 minutes`;
    case "nat":
      return `${count} devices within 15 minutes`;
  }
}
