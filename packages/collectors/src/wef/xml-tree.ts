import { SaxesParser, type SaxesTagNS } from "saxes";

/** An element with what is in it. `text` is all text directly in it, CDATA included, in order. */
export interface XmlElement {
  readonly uri: string;
  readonly local: string;
  /** By name without prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

export type XmlResult =
  | { readonly kind: "read"; readonly root: XmlElement }
  | { readonly kind: "refused"; readonly reason: "not-xml" | "doctype" | "too-deep" | "too-many-parts" };

const MAX_DEPTH = 64;
/** Elements and attributes together. */
const MAX_PARTS = 20_000;

class Refusal extends Error {
  readonly reason: "not-xml" | "doctype" | "too-deep" | "too-many-parts";

  constructor(reason: Refusal["reason"]) {
    super(reason);
    this.reason = reason;
  }
}

interface Growing {
  readonly uri: string;
  readonly local: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/**
 * Reads a whole document into a tree.
 *
 * Shape:  strict: what is not well formed is refused. There are no entities but the five of XML, and a document type is
 *         refused: nothing outside the text is ever read, and nothing in it grows.
 * Units:  at most 64 levels and 20,000 elements and attributes; the text's length is the caller's to bound.
 * Errors: none thrown for anything that stands in the text.
 */
export function readXml(text: string): XmlResult {
  const parser = new SaxesParser({ xmlns: true, position: false });
  const open: Growing[] = [];
  let root: Growing | null = null;
  let parts = 0;
  const count = (): void => {
    parts += 1;
    if (parts > MAX_PARTS) throw new Refusal("too-many-parts");
  };
  const add = (piece: string): void => {
    const top = open.at(-1);
    if (top !== undefined) top.text += piece;
  };

  parser.on("error", () => {
    throw new Refusal("not-xml");
  });
  parser.on("doctype", () => {
    throw new Refusal("doctype");
  });
  parser.on("attribute", count);
  parser.on("opentagstart", () => {
    count();
    if (open.length >= MAX_DEPTH) throw new Refusal("too-deep");
  });
  parser.on("opentag", (tag) => {
    const element = begun(tag);
    if (root === null) root = element;
    else open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  parser.on("text", add);
  parser.on("cdata", add);

  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof Refusal) return { kind: "refused", reason: error.reason };
    // The parser waits for the other half of a character that the text ends in, and then has no code point.
    if (error instanceof RangeError) return { kind: "refused", reason: "not-xml" };
    throw error;
  }
  return root === null ? { kind: "refused", reason: "not-xml" } : { kind: "read", root };
}

function begun(tag: SaxesTagNS): Growing {
  const attributes = new Map<string, string>();
  for (const { local, value } of Object.values(tag.attributes)) attributes.set(local, value);
  return { uri: tag.uri, local: tag.local, attributes, children: [], text: "" };
}

/** The first child of that name; of any namespace where none is given. */
export function childOf(element: XmlElement | null, local: string, uri?: string): XmlElement | null {
  return (
    element?.children.find((child) => child.local === local && (uri === undefined || child.uri === uri)) ??
    null
  );
}

/** The first element of that name in depth-first order, within this one. */
export function descendantOf(element: XmlElement, local: string): XmlElement | null {
  for (const child of element.children) {
    const found = child.local === local ? child : descendantOf(child, local);
    if (found !== null) return found;
  }
  return null;
}

/** As text or attribute value of XML. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
}
