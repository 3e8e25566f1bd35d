import type { Outputs } from "~/trpc/outputs.ts";
import { entriesOf } from "../form/entries.ts";
import type { WhenSourcesDark } from "./dark-words.ts";

export type Point = Outputs["points"]["get"];

/** A firewall as its form holds it. */
export interface PointValues {
  readonly name: string;
  readonly siteId: string;
  readonly sourceAddresses: string;
  readonly ipv6: boolean;
  readonly tokenTtlHours: string;
  readonly domains: string;
  readonly includeIp: string;
  readonly excludeIp: string;
  readonly profile: string;
  readonly reannounceMinutes: string;
  readonly mayReport: string;
  /** Empty: as the customer's settings say; of a new one only. */
  readonly whenSourcesDark: WhenSourcesDark | "";
  readonly darkMinutes: string;
  readonly enabled: boolean;
  /** A client secret of somebody's choice; empty: we make one. Of a new one only. */
  readonly chosen: string;
}

export const EMPTY_POINT: PointValues = {
  name: "",
  siteId: "",
  sourceAddresses: "",
  ipv6: false,
  tokenTtlHours: "8",
  domains: "",
  includeIp: "",
  excludeIp: "",
  profile: "json-superset",
  reannounceMinutes: "0",
  mayReport: "",
  whenSourcesDark: "",
  darkMinutes: "30",
  enabled: true,
  chosen: "",
};

export function pointValues(point: Point): PointValues {
  return {
    name: point.name,
    siteId: point.site?.id ?? "",
    sourceAddresses: point.sourceAddresses.join("\n"),
    ipv6: point.ipv6,
    tokenTtlHours: String(Math.max(1, Math.round(point.tokenTtlSeconds / 3600))),
    domains: point.domains.join("\n"),
    includeIp: point.includeIp.join("\n"),
    excludeIp: point.excludeIp.join("\n"),
    profile: point.profile,
    reannounceMinutes: String(point.reannounceMinutes),
    mayReport: point.mayReport.join("\n"),
    whenSourcesDark: point.whenSourcesDark,
    darkMinutes: String(point.darkMinutes),
    enabled: point.enabled,
    chosen: "",
  };
}

/** The fields of a new one: what a saved one no longer shows goes along. */
export function newPointFields(values: PointValues) {
  return { ...pointFields(values), ...(values.chosen === "" ? {} : { chosen: values.chosen }) };
}

/** The fields as the API takes them. A name left empty is made from the first address. */
export function pointFields(values: PointValues) {
  const sourceAddresses = entriesOf(values.sourceAddresses);
  const hours = Math.min(24, Math.max(1, Math.round(Number(values.tokenTtlHours) || 8)));
  return {
    name: values.name.trim() === "" ? `Firewall ${sourceAddresses[0] ?? "1"}` : values.name.trim(),
    siteId: values.siteId === "" ? null : values.siteId,
    sourceAddresses,
    ipv6: values.ipv6,
    tokenTtlSeconds: hours * 3600,
    domains: entriesOf(values.domains).map((domain) => domain.toLowerCase()),
    includeIp: entriesOf(values.includeIp),
    excludeIp: entriesOf(values.excludeIp),
    profile: values.profile,
    reannounceMinutes: wholeMinutes(values.reannounceMinutes, 0),
    mayReport: entriesOf(values.mayReport),
    ...(values.whenSourcesDark === ""
      ? {}
      : {
          whenSourcesDark: values.whenSourcesDark,
          ...(values.whenSourcesDark === "shorten"
            ? { darkMinutes: wholeMinutes(values.darkMinutes, 30) }
            : {}),
        }),
    enabled: values.enabled,
  };
}

/** What is no number is left to the API to refuse, unless the box is empty. */
function wholeMinutes(text: string, fallback: number): number {
  return text.trim() === "" ? fallback : Math.round(Number(text));
}
