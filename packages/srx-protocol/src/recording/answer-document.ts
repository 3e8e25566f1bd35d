import { parseIp } from "@rollcall/identity-core/ip-address";
import { parseXml, type XmlElement } from "./parse-xml.ts";

export type LeafValue = string | number | boolean | null | readonly string[];

/** One value of an entry and where it stands: `end-user-attribute/device-identity/value`. */
export interface Leaf {
  readonly path: string;
  readonly value: LeafValue;
}

/** An answer taken apart, whoever wrote it: its entries as values with paths, and what stands beside them. */
export interface AnswerDocument {
  readonly kind: "json" | "xml";
  /** The member (JSON) or root element (XML) that holds the entries; null: the document is the list, or the entry itself. */
  readonly listKey: string | null;
  /** The element of one entry; null in JSON and where there was none. */
  readonly itemKey: string | null;
  /** The document is one entry, without a list around it. */
  readonly isBare: boolean;
  /** Values beside the list: members of the document, or attributes of its root. */
  readonly beside: readonly Leaf[];
  readonly entries: readonly (readonly Leaf[])[];
}

const DEPTH_MAX = 16;
const LEAVES_MAX = 500;

/**
 * Takes the body of a batch or address answer apart.
 *
 * Shape:  entries in the order sent, each entry's values in the order written.
 * Errors: null for what is neither JSON nor XML, or holds no place for entries. Linear time.
 */
export function readAnswerDocument(body: string): AnswerDocument | null {
  const text = body.trim();
  if (text.startsWith("<")) {
    const root = parseXml(text);
    return root === null ? null : fromXml(root);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return null;
  }
  return fromJson(document);
}

function fromJson(document: unknown): AnswerDocument | null {
  const about = { kind: "json", itemKey: null } as const;
  if (Array.isArray(document)) {
    return {
      ...about,
      listKey: null,
      isBare: false,
      beside: [],
      entries: document.map((item) => jsonLeaves(item)),
    };
  }
  if (!isObject(document)) return null;
  const members = Object.entries(document);
  const isList = ([, value]: readonly [string, unknown]): boolean =>
    Array.isArray(value) && value.every(isObject);
  // A list with entries in it before an empty one: an entry's own empty lists are lists too.
  const list =
    members.find((member) => isList(member) && Array.isArray(member[1]) && member[1].length > 0) ??
    (holdsAddress(document) ? undefined : members.find(isList));
  if (list === undefined || !Array.isArray(list[1])) {
    const entries = members.length === 0 ? [] : [jsonLeaves(document)];
    return { ...about, listKey: null, isBare: true, beside: [], entries };
  }
  const [listKey, items] = list;
  return {
    ...about,
    listKey,
    isBare: false,
    beside: members.flatMap(([name, value]) => (isScalar(value) ? [{ path: name, value }] : [])),
    entries: items.map((item) => jsonLeaves(item)),
  };
}

function jsonLeaves(value: unknown): Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (one: unknown, path: string, depth: number): void => {
    if (leaves.length >= LEAVES_MAX || depth > DEPTH_MAX) return;
    if (isScalar(one)) leaves.push({ path, value: one });
    else if (Array.isArray(one)) {
      if (one.every(isScalar)) leaves.push({ path, value: one.map((item) => String(item)) });
      else for (const [name, values] of columns(one)) leaves.push({ path: `${path}/${name}`, value: values });
    } else if (isObject(one)) {
      for (const [name, below] of Object.entries(one))
        walk(below, path === "" ? name : `${path}/${name}`, depth + 1);
    }
  };
  walk(value, "", 0);
  return leaves;
}

/** `[{"name":"a"},{"name":"b"}]` as one list of texts a name. */
function columns(items: readonly unknown[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const item of items) {
    if (!isObject(item)) continue;
    for (const [name, value] of Object.entries(item))
      if (isScalar(value)) found.set(name, [...(found.get(name) ?? []), String(value)]);
  }
  return found;
}

function holdsAddress(value: object): boolean {
  return Object.values(value).some((one) => typeof one === "string" && parseIp(one) !== null);
}

function fromXml(root: XmlElement): AnswerDocument {
  const items = root.children.filter((child) => child.children.length > 0);
  const beside = root.attributes.map(([path, value]) => ({ path, value }));
  const isEntry =
    root.children.length > 0 &&
    root.children.some((child) => child.children.length === 0 && parseIp(child.text) !== null);
  if (isEntry) {
    return {
      kind: "xml",
      listKey: null,
      itemKey: root.name,
      isBare: true,
      beside,
      entries: [xmlLeaves(root)],
    };
  }
  return {
    kind: "xml",
    listKey: root.name,
    itemKey: items[0]?.name ?? null,
    isBare: false,
    beside,
    entries: items.map(xmlLeaves),
  };
}

function xmlLeaves(item: XmlElement): Leaf[] {
  const leaves = new Map<string, string[]>();
  const walk = (element: XmlElement, path: string, depth: number): void => {
    if (leaves.size >= LEAVES_MAX || depth > DEPTH_MAX) return;
    for (const child of element.children) {
      const below = path === "" ? child.name : `${path}/${child.name}`;
      if (child.children.length === 0) {
        const held = leaves.get(below);
        if (held === undefined) leaves.set(below, [child.text]);
        else held.push(child.text);
      } else walk(child, below, depth + 1);
    }
  };
  walk(item, "", 0);
  return [...leaves].map(([path, values]) => ({
    path,
    value: values.length === 1 ? (values[0] ?? "") : values,
  }));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return (
    value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean"
  );
}
