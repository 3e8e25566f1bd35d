import type { Outputs } from "~/trpc/outputs.ts";

export type Settings = Outputs["settings"]["get"]["settings"];

export interface Choice<V extends string> {
  readonly value: V;
  readonly label: string;
  readonly help: string;
}

export const CORROBORATION: readonly Choice<Settings["corroboration"]>[] = [
  {
    value: "off",
    label: "Off",
    help: "Every ticket request (event 4768) counts as a logon. A program that asks for tickets in somebody's name is taken for that person.",
  },
  {
    value: "detect",
    label: "Show only",
    help: "As off, and the explanation of an address says what would be otherwise. Begin here.",
  },
  {
    value: "on",
    label: "On",
    help: "A ticket request counts as a logon only when the same person reads a domain controller from there within two minutes, as a real logon does.",
  },
];

export const DETECTION: readonly Choice<Settings["detection"]["mode"]>[] = [
  { value: "off", label: "Off", help: "Nothing is looked for." },
  {
    value: "detect",
    label: "Suggest only",
    help: "What is found stands under Shared hosts & accounts. Nothing changes until somebody approves it.",
  },
  {
    value: "on",
    label: "Suggest and act",
    help: "An account above the second number, and a shared host, name nobody until somebody decides otherwise.",
  },
];

export const LISTENER_TLS: readonly Choice<Settings["listenerTls"]>[] = [
  {
    value: "compat",
    label: "Compatible",
    help: "TLS 1.2 and 1.3, also with RSA key exchange, which older Junos needs. The default.",
  },
  {
    value: "modern",
    label: "Modern",
    help: "Forward secrecy only. A firewall with older Junos cannot connect: look at every firewall's page after changing this.",
  },
];

/** The numbers of detection, in the order in which they are asked for. */
export const THRESHOLDS = [
  {
    name: "suggestServiceAccountAt",
    label: "Suggest a service account at",
    note: "addresses within an hour",
    min: 3,
    max: 1000,
  },
  {
    name: "suppressServiceAccountAt",
    label: "Act on a service account at",
    note: "addresses within an hour",
    min: 5,
    max: 10_000,
  },
  { name: "multiUserAt", label: "A shared host at", note: "people within 15 minutes", min: 2, max: 100 },
  {
    name: "remoteDesktopAt",
    label: "A shared host also at",
    note: "people connected by remote desktop at once",
    min: 2,
    max: 100,
  },
  { name: "natAt", label: "A translated network at", note: "devices within 15 minutes", min: 2, max: 100 },
  {
    name: "learnDays",
    label: "Only suggest service accounts for",
    note: "days from a site's first agent on; 0: act from the start",
    min: 0,
    max: 90,
  },
] as const;
