import { DOMParser, type Element } from "@xmldom/xmldom";
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
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[Zz]$/;

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
  let root: Element | null;
  try {
    const parser = new DOMParser({
      // What it would mend, a firewall may not: even a warning ends the reading.
      onError: (_level, message) => {
        throw new SyntaxError(message);
      },
    });
    root = parser.parseFromString(body, "application/xml").documentElement;
  } catch (error) {
    return { kind: "malformed", reason: `the body is not well-formed XML: ${String(error).slice(0, 200)}` };
  }
  if (root?.tagName !== "userfw-entries")
    return { kind: "malformed", reason: "the root is not userfw-entries" };
  const reports: Report[] = [];
  const rejected: string[] = [];
  const complaints: string[] = [];
  for (const entry of childrenOf(root)) {
    if (entry.tagName !== "userfw-entry") complaints.push("the root holds something else than entries");
    else {
      const read = readEntry(entry, complaints);
      if ("refused" in read) rejected.push(read.refused);
      else reports.push(read);
    }
  }
  return { kind: "answer", cookie: root.getAttribute("cookie") || null, reports, rejected, complaints };
}

function readEntry(entry: Element, complaints: string[]): Report | { refused: string } {
  const names = childrenOf(entry).map(({ tagName }) => tagName);
  if (new Set(names).size < names.length) complaints.push("an entry has an element twice");
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

function childrenOf(element: Element | undefined): Element[] {
  return element === undefined
    ? []
    : [...element.childNodes].filter((node): node is Element => node.nodeType === node.ELEMENT_NODE);
}

function childOf(element: Element | undefined, name: string): Element | undefined {
  return childrenOf(element).find(({ tagName }) => tagName === name);
}

/** The text of a child that holds nothing else. */
function textOf(element: Element | undefined, name: string): string | undefined {
  const child = childOf(element, name);
  return child === undefined || childrenOf(child).length > 0 ? undefined : (child.textContent ?? "");
}

function textsOf(element: Element | undefined, name: string): string[] {
  return childrenOf(element)
    .filter(({ tagName }) => tagName === name)
    .map(({ textContent }) => textContent ?? "")
    .filter((text) => text !== "");
}
