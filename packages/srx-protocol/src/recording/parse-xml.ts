/** An element of a small document. Text stands beside children only as blanks, which are left out. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly children: readonly XmlElement[];
  /** All of its own text. */
  readonly text: string;
}

interface Growing {
  readonly name: string;
  readonly attributes: [string, string][];
  readonly children: Growing[];
  text: string;
}

const DEPTH_MAX = 64;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const PIECE =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<\/([A-Za-z_][\w.:-]*)\s*>|<([A-Za-z_][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const ATTRIBUTE = /([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;

/**
 * Reads a small XML document: elements, attributes, text, CDATA, the five entities and numbers.
 *
 * Errors: null for what is not well formed, has a document type, or is nested deeper than 64.
 */
export function parseXml(document: string): XmlElement | null {
  const open: Growing[] = [];
  let root: Growing | null = null;
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < document.length) {
    const piece = PIECE.exec(document);
    if (piece === null) return null;
    const [, cdata, closed, opened, attributes = "", isEmpty, text] = piece;
    const parent = open.at(-1);
    if (cdata !== undefined || text !== undefined) {
      const written = cdata ?? decode(text ?? "");
      if (written === null || (parent === undefined && written.trim() !== "")) return null;
      if (parent !== undefined) parent.text += written;
    } else if (closed !== undefined) {
      if (open.pop()?.name !== closed) return null;
    } else if (opened !== undefined) {
      const element: Growing = { name: opened, attributes: [], children: [], text: "" };
      for (const [, name = "", double, single] of attributes.matchAll(ATTRIBUTE)) {
        const value = decode(double ?? single ?? "");
        if (value === null) return null;
        element.attributes.push([name, value]);
      }
      if (parent !== undefined) parent.children.push(element);
      else if (root === null) root = element;
      else return null;
      if (isEmpty !== "/") open.push(element);
      if (open.length > DEPTH_MAX) return null;
    }
  }
  return open.length === 0 ? root : null;
}

function decode(text: string): string | null {
  if (!text.includes("&")) return text;
  let isWhole = true;
  const decoded = text.replace(/&([^;&]{0,10};?)/g, (_, reference: string) => {
    const [, hex, decimal, name] =
      /^(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-z]{2,4}));$/.exec(reference) ?? [];
    const code = hex === undefined ? Number(decimal ?? -1) : Number.parseInt(hex, 16);
    const means =
      name === undefined
        ? code >= 0 && code <= 0x10ffff
          ? String.fromCodePoint(code)
          : undefined
        : ENTITIES[name];
    if (means === undefined) isWhole = false;
    return means ?? "";
  });
  return isWhole ? decoded : null;
}
