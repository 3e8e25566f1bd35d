import { isIP } from "node:net";
import { readXml, type XmlElement, XmlFault } from "./read-xml.ts";

/** One entry of a post, as a firewall would understand it. */
export interface PostedEntry {
  readonly operation: "logon" | "logoff";
  readonly source: string;
  /** Epoch ms. */
  readonly at: number;
  readonly ip: string;
  readonly domain: string | null;
  readonly user: string | null;
  readonly roles: readonly string[];
  readonly posture: string | null;
  readonly device: Readonly<Record<string, string | readonly string[]>> | null;
}

export type PostReading =
  | { readonly kind: "entries"; readonly entries: readonly PostedEntry[] }
  | { readonly kind: "malformed"; readonly problem: string };

const ENTRIES_MAX = 200;
const ROLES_MAX = 200;
const NAME_BYTES_MAX = 64;
const POSTURES = ["Healthy", "Checkup", "Transition", "Quarantine", "Infected", "Unknown"];
const ORDER = [
  "source",
  "timestamp",
  "operation",
  "IP",
  "domain",
  "user",
  "role-list",
  "posture",
  "end-user-attribute",
];
const ATTRIBUTE_ORDER = [
  "device-identity",
  "device-category",
  "device-vendor",
  "device-model",
  "device-os",
  "device-os-version",
];

/**
 * Reads a post, stricter than any firewall: the order of elements, their limits and their values.
 *
 * Errors: `malformed` with the first problem; nothing is thrown, whatever the text.
 * Source: docs/protocol/srx-push.md, "the entry" (order seen in code of public senders; limits assumed).
 */
export function readPost(text: string): PostReading {
  try {
    const root = readXml(text);
    if (root.name !== "userfw-entries") return malformed(`the root is <${root.name}>`);
    if (root.children.length === 0) return malformed("there is no entry");
    if (root.children.length > ENTRIES_MAX) return malformed(`${root.children.length} entries in one post`);
    return { kind: "entries", entries: root.children.map(readEntry) };
  } catch (error) {
    if (error instanceof XmlFault || error instanceof EntryFault) return malformed(error.message);
    throw error;
  }
}

class EntryFault extends Error {}

function malformed(problem: string): PostReading {
  return { kind: "malformed", problem };
}

function readEntry(element: XmlElement, index: number): PostedEntry {
  const fail = (problem: string): never => {
    throw new EntryFault(`entry ${index + 1}: ${problem}`);
  };
  if (element.name !== "userfw-entry") fail(`<${element.name}> among the entries`);
  const fields = inOrder(element, ORDER, fail);
  const name = (field: string): string | null => {
    const found = fields.get(field);
    return found === undefined ? null : nameOf(found, fail);
  };
  const needed = (field: string): string => name(field) ?? fail(`<${field}> is missing`);
  const source = needed("source");
  const timestamp = needed("timestamp");
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp) || Number.isNaN(Date.parse(timestamp)))
    fail(`"${timestamp}" is no time`);
  const operation = needed("operation");
  if (operation !== "logon" && operation !== "logoff") return fail(`operation "${operation}"`);
  const ip = needed("IP");
  if (isIP(ip) === 0 || ip.includes("%")) fail(`"${ip}" is no address`);
  const user = name("user");
  if (operation === "logon" && user === null) fail("a logon without a user");
  const roles = (fields.get("role-list")?.children ?? []).map((role) =>
    role.name === "role" ? nameOf(role, fail) : fail(`<${role.name}> in role-list`),
  );
  if (roles.length > ROLES_MAX) fail(`${roles.length} roles`);
  const posture = name("posture");
  if (posture !== null && !POSTURES.includes(posture)) fail(`posture "${posture}"`);
  const attributes = fields.get("end-user-attribute");
  return {
    operation,
    source,
    at: Date.parse(timestamp),
    ip,
    domain: name("domain"),
    user,
    roles,
    posture,
    device: attributes === undefined ? null : readDevice(attributes, fail),
  };
}

function readDevice(
  element: XmlElement,
  fail: (problem: string) => never,
): Readonly<Record<string, string | readonly string[]>> {
  const device: Record<string, string | readonly string[]> = {};
  for (const [name, child] of inOrder(element, ATTRIBUTE_ORDER, fail)) {
    if (name !== "device-identity") {
      device[name] = nameOf(child, fail);
      continue;
    }
    const identity = inOrder(child, ["value", "groups"], fail);
    const value = identity.get("value");
    device.name = value === undefined ? fail("a device without a value") : nameOf(value, fail);
    device.groups = (identity.get("groups")?.children ?? []).map((group) =>
      group.name === "group" ? nameOf(group, fail) : fail(`<${group.name}> in groups`),
    );
  }
  return device;
}

/** The children by name: each at most once, in the order given. */
function inOrder(
  element: XmlElement,
  order: readonly string[],
  fail: (problem: string) => never,
): Map<string, XmlElement> {
  const found = new Map<string, XmlElement>();
  let last = -1;
  for (const child of element.children) {
    const place = order.indexOf(child.name);
    if (place < 0) fail(`<${child.name}> in <${element.name}>`);
    if (place <= last) fail(`<${child.name}> is repeated or out of order`);
    last = place;
    found.set(child.name, child);
  }
  return found;
}

function nameOf(element: XmlElement, fail: (problem: string) => never): string {
  if (element.children.length > 0) fail(`<${element.name}> holds elements`);
  if (element.text === "") fail(`<${element.name}> is empty`);
  if (Buffer.byteLength(element.text) > NAME_BYTES_MAX)
    fail(`<${element.name}> is longer than ${NAME_BYTES_MAX} bytes`);
  return element.text;
}
