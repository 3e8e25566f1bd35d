/** An element: its children, or its text. Attributes are refused, so there are none to keep. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** Where and why a text is not the XML that is taken here. */
export class XmlFault extends Error {
  constructor(at: number, problem: string) {
    super(`at character ${at + 1}: ${problem}`);
    this.name = "XmlFault";
  }
}

const DEPTH_MAX = 8;
const PROLOGUE = /^<\?xml version="1\.0"(?: encoding="(?:UTF-8|utf-8)")?\?>\s*/;
const NAME = /[A-Za-z_][A-Za-z0-9_.-]*/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * Reads a document strictly: one root, no attributes, no comments, no DTD, no namespaces, no mixed content.
 *
 * Errors: throws `XmlFault` at the first departure. Work is linear in the text, whatever it is.
 * Source: XML 1.0, sections 2.1 to 2.4 and 4.6 (documented); the rest is left out on purpose.
 */
export function readXml(text: string): XmlElement {
  const start = PROLOGUE.exec(text)?.[0].length ?? 0;
  const { element, end } = readElement(text, start, 1);
  if (text.slice(end).trim() !== "") throw new XmlFault(end, "something stands behind the root element");
  return element;
}

function readElement(text: string, at: number, depth: number): { element: XmlElement; end: number } {
  if (text[at] !== "<") throw new XmlFault(at, "an element was expected");
  if (depth > DEPTH_MAX) throw new XmlFault(at, "elements are nested too deep");
  NAME.lastIndex = at + 1;
  const name = NAME.exec(text)?.[0];
  if (name === undefined) throw new XmlFault(at + 1, "no name of an element");
  let position = at + 1 + name.length;
  if (text.startsWith("/>", position))
    return { element: { name, children: [], text: "" }, end: position + 2 };
  if (text[position] !== ">") throw new XmlFault(position, `<${name}> has an attribute or no end`);
  position += 1;
  const children: XmlElement[] = [];
  let content = "";
  for (;;) {
    const open = text.indexOf("<", position);
    if (open < 0) throw new XmlFault(position, `<${name}> is not closed`);
    content += decode(text.slice(position, open), position);
    if (text.startsWith("</", open)) {
      if (!text.startsWith(`</${name}>`, open)) throw new XmlFault(open, `</${name}> was expected`);
      if (children.length > 0 && content.trim() !== "")
        throw new XmlFault(open, `<${name}> mixes text and elements`);
      return {
        element: { name, children, text: children.length > 0 ? "" : content },
        end: open + name.length + 3,
      };
    }
    const child = readElement(text, open, depth + 1);
    children.push(child.element);
    position = child.end;
  }
}

function decode(raw: string, at: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML 1.0 cannot hold.
  const unsendable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.exec(raw);
  if (unsendable) throw new XmlFault(at + unsendable.index, "a character that XML cannot hold");
  const stray = raw.indexOf("]]>");
  if (stray >= 0) throw new XmlFault(at + stray, "]]> in text");
  return raw.replace(/&([^;&<]{0,10});?/g, (whole, name: string, index: number) => {
    const known = ENTITIES[name];
    if (known !== undefined && whole.endsWith(";")) return known;
    throw new XmlFault(at + index, `& that begins no known entity`);
  });
}
