import type { Outputs } from "~/trpc/outputs.ts";

export type Mark = Outputs["marks"]["list"]["items"][number];
export type MarkMode = Mark["mode"];
export type MarkKind = Mark["mark"];

export const MARK_WORDS: Readonly<Record<MarkKind, string>> = {
  "multi-user": "Shared host",
  nat: "Translated network (NAT)",
};

/** What firewalls are told of an address with more than one person behind it. */
export const MODE_CHOICES: readonly {
  readonly value: MarkMode;
  readonly label: string;
  readonly help: string;
}[] = [
  {
    value: "suppress",
    label: "name nobody",
    help: "The safe way. The device is still told, and rules for everybody go on.",
  },
  {
    value: "pseudo-user",
    label: "name one fixed user",
    help: "For rules that should treat the whole host alike, e.g. citrix-users.",
  },
  {
    value: "last-interactive",
    label: "name whoever logged on last",
    help: "Only where people take turns. Two at once get each other's access.",
  },
];

/** "names nobody", "is CORP\kiosk", "names whoever logged on last". */
export function modeInWords({ mode, pseudoUser }: Pick<Mark, "mode" | "pseudoUser">): string {
  if (mode === "suppress") return "names nobody";
  if (mode === "last-interactive") return "names whoever logged on last";
  if (pseudoUser === null) return "names one fixed user";
  return `is ${pseudoUser.domain === "" ? "" : `${pseudoUser.domain}\\`}${pseudoUser.name}`;
}
