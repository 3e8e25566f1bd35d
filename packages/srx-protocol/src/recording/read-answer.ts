import { type IpAddress, parseIp } from "@rollcall/identity-core/ip-address";
import type { CanonicalField, SrxProfileDocument } from "../profiles/profile-document.ts";
import { type AnswerDocument, type Leaf, type LeafValue, readAnswerDocument } from "./answer-document.ts";

/** What another server says of one address. */
export interface ReportedEntry {
  readonly kind: "logon" | "logoff";
  readonly ip: IpAddress;
  /** Empty for a device without a person, and for a logoff that names nobody. */
  readonly user: string;
  readonly domain: string;
  readonly roles: readonly string[];
  readonly device: string;
  readonly deviceGroups: readonly string[];
  readonly attributes: Readonly<Partial<Record<CanonicalField, string>>>;
  readonly source: string;
  /** Epoch ms by the server's clock; null where the entry says none. */
  readonly atMs: number | null;
}

export type AnswerReading =
  | {
      readonly kind: "answer";
      /** As it stands in the body; the one of a header is the caller's to read. */
      readonly cookie: string | null;
      readonly entries: readonly ReportedEntry[];
      /** Entries without a usable address or with a word nobody knows. */
      readonly rejected: number;
    }
  | { readonly kind: "malformed"; readonly reason: string };

const ATTRIBUTES = [
  "netbiosDomain",
  "upn",

  "deviceCategory",
  "deviceVendor",
  "deviceModel",
  "deviceOs",
  "deviceOsVersion",
] as const;

/**
 * Reads an answer with the profile it was written with: the inverse of its encoder.
 *
 * Shape:  entries in the order sent. Where a field has several names the first that is there counts.
 * Units:  times in the unit of the profile.
 * Errors: `malformed` where the body is no document of the profile's kind; nothing is thrown.
 */
export function readAnswer(body: string, profile: SrxProfileDocument): AnswerReading {
  const document = readAnswerDocument(body);
  if (document === null) return { kind: "malformed", reason: "it is neither JSON nor XML, or not whole" };
  if (document.kind !== profile.body.kind)
    return {
      kind: "malformed",
      reason: `it is ${document.kind.toUpperCase()}, the profile reads ${profile.body.kind.toUpperCase()}`,
    };
  const { listKey } = profile.body;
  if (!document.isBare && document.entries.length > 0 && document.listKey !== listKey)
    return { kind: "malformed", reason: `its list is not named ${listKey ?? "(none)"}` };
  const entries: ReportedEntry[] = [];
  let rejected = 0;
  const read = entryReader(profile);
  for (const leaves of document.entries) {
    const entry = read(leaves);
    if (entry === null) rejected += 1;
    else entries.push(entry);
  }
  return { kind: "answer", cookie: cookieOf(document, profile), entries, rejected };
}

function cookieOf(document: AnswerDocument, { batch }: SrxProfileDocument): string | null {
  if (!batch.cookieOut.includes("body")) return null;
  const found = document.beside.find(({ path }) => path === batch.cookieBodyKey)?.value;
  return found === undefined || found === null || found === "" ? null : String(found);
}

function entryReader({ body }: SrxProfileDocument): (leaves: readonly Leaf[]) => ReportedEntry | null {
  const fields = body.fields.flatMap((field) => field.as.map((path) => ({ ...field, path })));
  return (leaves) => {
    const at = new Map(leaves.map(({ path, value }) => [path, value]));
    const find = (
      of: CanonicalField,
    ): { readonly value: LeafValue; readonly field: (typeof fields)[number] } | null => {
      for (const field of fields) {
        const value = field.of === of ? at.get(field.path) : undefined;
        if (value !== undefined && value !== null) return { value, field };
      }
      return null;
    };
    const text = (of: CanonicalField): string => {
      const value = find(of)?.value ?? "";
      return typeof value === "object" ? (value[0] ?? "") : String(value);
    };
    const list = (of: CanonicalField): string[] => {
      const found = find(of);
      if (found === null) return [];
      const { value, field } = found;
      const items =
        typeof value === "object"
          ? [...(value ?? [])]
          : field.separator === null
            ? [String(value)]
            : String(value).split(field.separator);
      return items.filter((item) => item !== "");
    };
    const ip = parseIp(text("ip"));
    const kind = kindOf(find("operation"), find("online")?.value ?? null, body);
    if (ip === null || kind === null) return null;
    const attributes: Partial<Record<CanonicalField, string>> = {};
    for (const name of ATTRIBUTES) if (text(name) !== "") attributes[name] = text(name);
    return {
      kind,
      ip,
      user: text("user"),
      domain: text("domain"),
      roles: list("roles"),
      device: text("device"),
      deviceGroups: list("deviceGroups"),
      attributes,
      source: text("source"),
      atMs: timeOf(find("time")?.value ?? null, body.timeAs),
    };
  };
}

/** Null where the word is none of the profile's. An entry that says neither word nor state is of somebody who is there. */
function kindOf(
  operation: {
    readonly value: LeafValue;
    readonly field: SrxProfileDocument["body"]["fields"][number];
  } | null,
  online: LeafValue,
  body: SrxProfileDocument["body"],
): ReportedEntry["kind"] | null {
  if (operation !== null) {
    const words = operation.field.words ?? body.words;
    const said = String(operation.value).toLowerCase();
    if (said === words.logon.toLowerCase() || said === words.update.toLowerCase()) return "logon";
    return said === words.logoff.toLowerCase() ? "logoff" : null;
  }
  if (online === null) return "logon";
  return String(online) === "false" || String(online) === "0" ? "logoff" : "logon";
}

function timeOf(value: LeafValue, form: SrxProfileDocument["body"]["timeAs"]): number | null {
  if (value === null || typeof value === "boolean" || typeof value === "object") return null;
  switch (form) {
    case "s":
    case "ms": {
      const number = Number(value);
      return Number.isFinite(number) && value !== "" ? number * (form === "s" ? 1000 : 1) : null;
    }
    case "iso":
    case "sql": {
      const at = Date.parse(form === "sql" ? `${String(value).replace(" ", "T")}Z` : String(value));
      return Number.isNaN(at) ? null : at;
    }
  }
}
