import { MAX_PARAMETERS, normaliseName, type Parameter } from "./parameters.ts";

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * Reads the elements of an XML body that hold text and nothing else, as parameters by their local name.
 *
 * Shape:  in the order sent, at any depth; attributes, comments and the declaration are passed over. An empty element is
 *         an empty value.
 * Errors: null for what is not well-formed enough to be read so, for a document type (none is ever needed, and entities
 *         of one are how small documents become large ones), and for more than `MAX_PARAMETERS`. Work is linear.
 */
export function parseXmlParameters(text: string): readonly Parameter[] | null {
  const parameters: Parameter[] = [];
  let at = text.indexOf("<");
  let open: { readonly name: string; readonly from: number } | null = null;
  while (at >= 0) {
    if (text.startsWith("<!--", at)) {
      const end = text.indexOf("-->", at + 4);
      if (end < 0) return null;
      open = null;
      at = text.indexOf("<", end + 3);
      continue;
    }
    if (text.startsWith("<!", at)) return null;
    const end = text.indexOf(">", at);
    if (end < 0) return null;
    const tag = text.slice(at + 1, end);
    if (tag.startsWith("/")) {
      const name = localName(tag.slice(1));
      if (open !== null && open.name === name) {
        if (parameters.length >= MAX_PARAMETERS) return null;
        const value = decodeEntities(text.slice(open.from, at));
        parameters.push({ name, key: normaliseName(name), value });
      }
      open = null;
    } else if (tag.startsWith("?") || tag.endsWith("/")) open = null;
    else open = { name: localName(tag), from: end + 1 };
    at = text.indexOf("<", end + 1);
  }
  return parameters;
}

function localName(tag: string): string {
  const name = /^[^\s/>]{0,128}/.exec(tag)?.[0] ?? "";
  return name.slice(name.indexOf(":") + 1);
}

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name)] ?? whole;
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
      ? String.fromCodePoint(code)
      : whole;
  });
}
