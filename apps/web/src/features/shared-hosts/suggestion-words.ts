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

/** What speaks for it besides the count. */
const SIGN_WORDS: Readonly<Record<string, string>> = {
  "service-name": "has a service name (SPN)",
  "password-never-expires": "password never expires, and nobody sat at a keyboard with it for 30 days",
};

/** What was counted, over the time that it is counted in. */
export function evidenceOf({ kind, count, signs }: Pick<Suggestion, "kind" | "count" | "signs">): string {
  switch (kind) {
    case "service-account":
      return `at ${count} addresses within an hour`;
    case "multi-user":
      return signs.includes("remote-desktop")
        ? `${count} people, some by remote desktop at the same time`
        : `${count} people within 15 minutes`;
    case "nat":
      return `${count} devices within 15 minutes`;
  }
}

/** Signs of a service account, each of which makes an address count for half as much again; null: none. */
export function signsOf({ kind, signs }: Pick<Suggestion, "kind" | "signs">): string | null {
  if (kind !== "service-account" || signs.length === 0) return null;
  return signs.map((sign) => SIGN_WORDS[sign] ?? sign).join("; ");
}
