import { canonicalAddress } from "./address.ts";

/** One entry of an answer, read. `groups` is the complete list: a change of groups comes as the entry again. */
export interface Report {
  readonly kind: "logon" | "logoff";
  readonly ip: string;
  /** Empty for a device without a person. */
  readonly user: string;
  readonly domain: string;
  readonly groups: readonly string[];
  readonly device: string | null;
  readonly deviceGroups: readonly string[];
  /** What else is said of the device, by the names of the XML: `device-category`, `device-os`, … */
  readonly deviceAttributes: Readonly<Record<string, string>>;
  readonly source: string;
  /** The server's clock, ms since 1970; `null` when the entry says none. */
  readonly atMs: number | null;
}

export type Answer =
  | {
      readonly kind: "answer";
      readonly cookie: string | null;
      readonly reports: readonly Report[];
      /** Entries that could not be read, each with its reason; the others still count. */
      readonly rejected: readonly string[];
      /** Departures from the written protocol that do not stop a reader. */
      readonly complaints: readonly string[];
    }
  | { readonly kind: "malformed"; readonly reason: string };

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const LIST_NAMES = ["report-entries", "userfw-entries", "userfw-entry", "entries"];
const NAME_BYTES_MAX = 64;
const ROLES_MAX = 200;

/**
 * Reads the JSON body of a batch or IP answer by every documented name of each field.
 *
 * Which names a real SRX reads is not public, so a server sends several. They must agree: an entry whose two
 * names of one field differ would mean one user to one firewall and another to the next, and is rejected.
 *
 * Shape:  reports in the order sent. Keys match without regard to case and to `-` against `_`.
 * Units:  a time stamp in seconds, in ms when above 10^11, or as text in UTC.
 * Errors: `malformed` when the body is not one JSON document with a list of entries; nothing is thrown.
 * Source: srx-protocol 5.1, 5.2, 5.4 A and C, 13 rows 2a and 8a (assumed: the body is not public).
 */
export function readAnswer(body: string): Answer {
  let document: Json;
  try {
    document = JSON.parse(body) as Json;
  } catch {
    const looksLikeXml = body.trimStart().startsWith("<");
    return { kind: "malformed", reason: looksLikeXml ? "the body is XML, not JSON" : "the body is not JSON" };
  }
  const list = listOf(document);
  if (list === null) return { kind: "malformed", reason: "the body holds no list of entries" };

  const reports: Report[] = [];
  const rejected: string[] = [];
  const complaints: string[] = [];
  for (const item of list) {
    const read = isObject(item) ? readEntry(withPlainKeys(item)) : { refused: "an entry is not an object" };
    if ("refused" in read) rejected.push(read.refused);
    else {
      reports.push(read);
      complaints.push(...complaintsAbout(read));
    }
  }
  return { kind: "answer", cookie: cookieOf(document), reports, rejected, complaints };
}

function cookieOf(document: Json): string | null {
  if (!isObject(document)) return null;
  const cookie = withPlainKeys(document).cookie;
  return typeof cookie === "string" && cookie !== "" ? cookie : null;
}

/** The entries, whether listed, wrapped once more, or alone without a list. */
function listOf(document: Json): Json[] | null {
  if (Array.isArray(document)) return document;
  if (!isObject(document)) return null;
  const plain = withPlainKeys(document);
  for (const name of LIST_NAMES) {
    const value = plain[name];
    if (Array.isArray(value)) return value;
    if (isObject(value)) return listOf(value) ?? [value];
  }
  return addressOf(plain) === undefined ? null : [document];
}

function readEntry(entry: JsonObject): Report | { refused: string } {
  const ipText = addressOf(entry);
  if (ipText === CONFLICT) return { refused: "two names of the address disagree" };
  if (ipText === undefined) return { refused: "an entry has no address" };
  const ip = canonicalAddress(ipText);
  if (ip === null) return { refused: "an entry's address is not an IP address" };

  const operation = operationOf(entry);
  if (operation === CONFLICT) return { refused: "two names of the operation disagree" };
  if (operation === "unknown") return { refused: "an entry's operation is not known" };

  const user = textOf(entry, ["user-name", "user", "username"]);
  if (user === CONFLICT) return { refused: "two names of the user disagree" };
  const domain = textOf(entry, ["domain-name", "domain"]);
  if (domain === CONFLICT) return { refused: "two names of the domain disagree" };
  const groups = rolesOf(entry);
  if (groups === CONFLICT) return { refused: "two names of the roles disagree" };
  const { device, deviceGroups, deviceAttributes } = deviceOf(entry);
  if (device === CONFLICT) return { refused: "two names of the device disagree" };

  return {
    kind: operation,
    ip,
    user: user ?? "",
    domain: domain ?? "",
    groups,
    device: device || null,
    deviceGroups,
    deviceAttributes,
    source: asText(entry.source) ?? "",
    atMs: timeOf(entry.timestamp ?? entry["updated-at"] ?? null),
  };
}

/** Marks a field whose names say different things. */
const CONFLICT = Symbol("conflict");

function addressOf(entry: JsonObject): string | undefined | typeof CONFLICT {
  return textOf(entry, ["ip-address", "ip"]);
}

function textOf(entry: JsonObject, names: readonly string[]): string | undefined | typeof CONFLICT {
  const values = names.map((name) => asText(entry[name])).filter((value) => value !== undefined);
  const [first] = values;
  return values.every((value) => value === first) ? first : CONFLICT;
}

const LOGON_WORDS = new Set(["logon", "login", "update"]);
const LOGOFF_WORDS = new Set(["logoff", "logout"]);

function operationOf(entry: JsonObject): "logon" | "logoff" | "unknown" | typeof CONFLICT {
  const said = new Set<"logon" | "logoff" | "unknown">();
  for (const name of ["operation", "activity"]) {
    const word = asText(entry[name])?.toLowerCase();
    if (word === undefined) continue;
    said.add(LOGON_WORDS.has(word) ? "logon" : LOGOFF_WORDS.has(word) ? "logoff" : "unknown");
  }
  const online = entry["is-online"];
  if (typeof online === "boolean") said.add(online ? "logon" : "logoff");
  if (said.has("unknown")) return "unknown";
  // An entry that names no operation is the description of who is there (8a).
  if (said.size === 0) return "logon";
  const [first] = said;
  return said.size === 1 && first ? first : CONFLICT;
}

function rolesOf(entry: JsonObject): string[] | typeof CONFLICT {
  const lists = ["roles", "role-list"]
    .map((name) => namesIn(entry[name], "role"))
    .filter((list) => list !== null);
  const [first] = lists;
  if (!first) return [];
  return lists.every((list) => JSON.stringify(list) === JSON.stringify(first)) ? first : CONFLICT;
}

function deviceOf(entry: JsonObject): {
  device: string | undefined | typeof CONFLICT;
  deviceGroups: string[];
  deviceAttributes: Record<string, string>;
} {
  const attributes = isObject(entry["end-user-attribute"]) ? withPlainKeys(entry["end-user-attribute"]) : {};
  const identity = isObject(attributes["device-identity"])
    ? withPlainKeys(attributes["device-identity"])
    : {};
  const names = { ...entry, "device-identity-value": identity.value ?? null };
  return {
    device: textOf(names, ["device-name", "device", "device-identity-value"]),
    deviceGroups: namesIn(identity.groups, "group") ?? [],
    deviceAttributes: Object.fromEntries(
      Object.entries(attributes).flatMap(([name, value]) => {
        const text = name.startsWith("device-") && name !== "device-identity" ? asText(value) : undefined;
        return text === undefined ? [] : [[name, text]];
      }),
    ),
  };
}

/** A list of names: `["a"]`, `"a"`, or wrapped as XML translates to JSON, `{"role": ["a"]}`. */
function namesIn(value: Json | undefined, wrappedAs: string): string[] | null {
  if (value === undefined || value === null) return null;
  if (isObject(value)) return namesIn(withPlainKeys(value)[wrappedAs] ?? [], wrappedAs);
  const list = Array.isArray(value) ? value : [value];
  return list.map(asText).filter((name): name is string => name !== undefined && name !== "");
}

function timeOf(value: Json): number | null {
  if (typeof value === "number" && Number.isFinite(value)) return value > 1e11 ? value : value * 1000;
  if (typeof value !== "string" || value === "") return null;
  if (/^\d+$/.test(value)) return timeOf(Number(value));
  const spaced = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/.exec(value);
  const at = Date.parse(spaced ? `${spaced[1]}T${spaced[2]}Z` : value.toUpperCase());
  return Number.isNaN(at) ? null : at;
}

function complaintsAbout(report: Report): string[] {
  const complaints: string[] = [];
  const names = [report.user, report.domain, report.device ?? "", ...report.groups, ...report.deviceGroups];
  if (names.some((name) => Buffer.byteLength(name) > NAME_BYTES_MAX))
    complaints.push(`a name is longer than ${NAME_BYTES_MAX} bytes`);
  if (report.groups.length > ROLES_MAX) complaints.push(`an entry has more than ${ROLES_MAX} roles`);
  if (new Set(report.groups.map((group) => group.toLowerCase())).size < report.groups.length)
    complaints.push("an entry has a role twice");
  return complaints;
}

function withPlainKeys(object: JsonObject): JsonObject {
  const plain: JsonObject = Object.create(null) as JsonObject;
  for (const [key, value] of Object.entries(object)) plain[key.toLowerCase().replaceAll("_", "-")] = value;
  return plain;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asText(value: Json | undefined): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : undefined;
}
