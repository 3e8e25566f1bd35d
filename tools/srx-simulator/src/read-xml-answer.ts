import { XMLParser, XMLValidator } from "fast-xml-parser";
import { canonicalAddress } from "./address.ts";
import type { Answer, Report } from "./read-answer.ts";

/** The elements of an entry in the order that every public sender writes them. Source: srx-protocol 9.2 (seen in code). */
const ORDER = [
  "source",
  "timestamp",
  "operation",
  "timeout",
  "IP",
  "domain",
  "user",
  "role-list",
  "posture",
  "end-user-attribute",
];
const ATTRIBUTES = ["device-category", "device-vendor", "device-model", "device-os", "device-os-version"];
const LISTS = new Set(["userfw-entry", "role", "group"]);
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[Zz]$/;

type Node = string | number | boolean | Node[] | { readonly [name: string]: Node };

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  isArray: (name) => LISTS.has(name),
});

/**
 * Reads a batch or IP answer of `userfw-entries`, as strictly as its schema is known.
 *
 * Shape:  reports in the order sent. An element in the wrong place is a complaint, one that is missing rejects the entry.
 * Errors: `malformed` when the body is not well-formed XML with that root; nothing is thrown.
 * Source: srx-protocol 9.2 and 13 row 2b (elements seen in code; that a query may be answered with them is assumed).
 */
export function readXmlAnswer(body: string): Answer {
  // A document type is no part of this protocol, and its entities are how a small document becomes a large one.
  if (body.includes("<!DOCTYPE")) return { kind: "malformed", reason: "the body declares a document type" };
  const isWellFormed = XMLValidator.validate(body);
  if (isWellFormed !== true)
    return { kind: "malformed", reason: `the body is not well-formed XML: ${isWellFormed.err.msg}` };
  const document = parser.parse(body) as Node;
  const root = childOf(document, "userfw-entries");
  if (root === undefined) return { kind: "malformed", reason: "the root is not userfw-entries" };
  const reports: Report[] = [];
  const rejected: string[] = [];
  const complaints: string[] = [];
  const entries = childOf(root, "userfw-entry");
  for (const entry of Array.isArray(entries) ? entries : []) {
    const read = readEntry(entry, complaints);
    if ("refused" in read) rejected.push(read.refused);
    else reports.push(read);
  }
  return { kind: "answer", cookie: textOf(root, "@cookie") ?? null, reports, rejected, complaints };
}

function readEntry(entry: Node, complaints: string[]): Report | { refused: string } {
  const names = isObject(entry) ? Object.keys(entry).filter((name) => name !== "#text") : [];
  const places = names.map((name) => ORDER.indexOf(name));
  if (places.includes(-1)) complaints.push("an entry has an element that the schema does not name");
  if (places.some((place, at) => place < (places[at - 1] ?? -1)))
    complaints.push("the elements of an entry are not in the order of the schema");
  const operation = textOf(entry, "operation");
  if (operation !== "logon" && operation !== "logoff")
    return { refused: "an entry's operation is not known" };
  const ip = canonicalAddress(textOf(entry, "IP") ?? "");
  if (ip === null) return { refused: "an entry has no address" };
  const source = textOf(entry, "source");
  const timestamp = textOf(entry, "timestamp");
  if (source === undefined || timestamp === undefined)
    return { refused: "an entry has no source or no time stamp" };
  if (!TIMESTAMP.test(timestamp)) return { refused: "an entry's time stamp is not ISO 8601 in UTC" };
  const user = textOf(entry, "user");
  if (operation === "logon" && user === undefined) return { refused: "a logon has no user" };
  const attributes = childOf(entry, "end-user-attribute");
  const identity = childOf(attributes, "device-identity");
  return {
    kind: operation,
    ip,
    user: user ?? "",
    domain: textOf(entry, "domain") ?? "",
    groups: textsOf(childOf(entry, "role-list"), "role"),
    device: textOf(identity, "value") || null,
    deviceGroups: textsOf(childOf(identity, "groups"), "group"),
    deviceAttributes: Object.fromEntries(
      ATTRIBUTES.flatMap((name) => {
        const value = textOf(attributes, name);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    source,
    atMs: Date.parse(timestamp.toUpperCase()),
  };
}

function childOf(node: Node | undefined, name: string): Node | undefined {
  return isObject(node) && Object.hasOwn(node, name) ? node[name] : undefined;
}

function textOf(node: Node | undefined, name: string): string | undefined {
  const value = childOf(node, name);
  return typeof value === "string" ? value : undefined;
}

function textsOf(node: Node | undefined, name: string): string[] {
  const values = childOf(node, name);
  return Array.isArray(values)
    ? values.filter((value): value is string => typeof value === "string" && value !== "")
    : [];
}

function isObject(node: Node | undefined): node is { readonly [name: string]: Node } {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}
