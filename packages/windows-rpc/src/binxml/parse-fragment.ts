import { BinXmlFault } from "./binxml-fault.ts";
import { ByteCursor } from "./byte-cursor.ts";
import type { Dialect } from "./dialect.ts";
import { type TemplateInstance, Values, type XmlElement, type XmlNode, type XmlText } from "./node.ts";
import { valueFault } from "./value-text.ts";

export const DEPTH_MAX = 64;
/** Values of one template, attributes of one element. */
const VALUES_MAX = 4096;
const ATTRIBUTES_MAX = 256;

const TOKEN = {
  open: 0x01,
  closeStart: 0x02,
  closeEmpty: 0x03,
  end: 0x04,
  value: 0x05,
  attribute: 0x06,
  cdata: 0x07,
  character: 0x08,
  entity: 0x09,
  target: 0x0a,
  data: 0x0b,
  instance: 0x0c,
  substitution: 0x0d,
  optional: 0x0e,
  header: 0x0f,
} as const;
/** "More follows": told by what follows as well, and not relied on. */
const MORE = 0x40;

/**
 * Reads one fragment: an optional header, instructions, then an element or an instance of a template.
 *
 * Shape:  `isDefinition`: it stands in a template, where elements say which value they depend on.
 * Bound:  `DEPTH_MAX` elements within each other, over fragments within fragments too; each byte is read once.
 * Errors: `BinXmlFault`.
 * Source: MS-EVEN6 2.2.12 (documented), 3.4 of the notes it was checked with (captured).
 */
export function parseFragment(
  cursor: ByteCursor,
  dialect: Dialect,
  isDefinition: boolean,
  depth: number,
): XmlNode {
  if (depth > DEPTH_MAX) throw new BinXmlFault(`more than ${DEPTH_MAX} elements within each other`);
  if (cursor.peek() === TOKEN.header) cursor.skip(4);
  while (cursor.peek() === TOKEN.target) instruction(cursor, dialect);
  if (cursor.peek() === TOKEN.instance) return instance(cursor, dialect, depth);
  return element(cursor, dialect, isDefinition, depth);
}

function instance(cursor: ByteCursor, dialect: Dialect, depth: number): TemplateInstance {
  cursor.skip(1);
  const template = dialect.template(cursor, depth);
  return { kind: "instance", template, values: parseValues(cursor) };
}

/** The table of values behind an instance's template, and the values themselves. */
export function parseValues(cursor: ByteCursor): Values {
  const count = cursor.u32();
  if (count > VALUES_MAX) throw new BinXmlFault(`a template with ${count} values`);
  const places = new Int32Array(count * 3);
  const { bytes } = cursor;
  const table = cursor.skip(count * 4);
  let at = cursor.at;
  for (let id = 0; id < count; id++) {
    const length = bytes.readUInt16LE(table + id * 4);
    places[id * 3] = bytes.readUInt8(table + id * 4 + 2);
    places[id * 3 + 1] = at;
    places[id * 3 + 2] = length;
    at += length;
    if (at > cursor.end) throw new BinXmlFault(`values up to ${at} do not lie within ${cursor.end} bytes`);
    const fault = valueFault(bytes, places[id * 3] ?? 0, at - length, length);
    if (fault !== null) throw new BinXmlFault(fault);
  }
  cursor.at = at;
  return new Values(bytes, places);
}

function element(cursor: ByteCursor, dialect: Dialect, isDefinition: boolean, depth: number): XmlElement {
  if (depth > DEPTH_MAX) throw new BinXmlFault(`more than ${DEPTH_MAX} elements within each other`);
  const token = cursor.u8();
  if ((token & ~MORE) !== TOKEN.open) throw new BinXmlFault(`an element begins with 0x${token.toString(16)}`);
  const dependency = isDefinition ? cursor.u16() : 0xffff;
  cursor.skip(4);
  const name = dialect.name(cursor);
  const attributes: XmlElement["attributes"][number][] = [];
  if (token & MORE) {
    cursor.skip(4);
    while ((cursor.peek() & ~MORE) === TOKEN.attribute) {
      cursor.skip(1);
      if (attributes.length === ATTRIBUTES_MAX)
        throw new BinXmlFault(`an element with more than ${ATTRIBUTES_MAX} attributes`);
      attributes.push({ name: dialect.name(cursor), parts: texts(cursor, dialect) });
    }
  }
  const dependsOn = dependency === 0xffff ? -1 : dependency;
  const close = cursor.u8();
  if (close === TOKEN.closeEmpty)
    return { kind: "element", name, dependsOn, attributes, children: [], isEmpty: true };
  if (close !== TOKEN.closeStart)
    throw new BinXmlFault(`the start of ${name} closes with 0x${close.toString(16)}`);
  const children: XmlNode[] = [];
  for (;;) {
    const next = cursor.peek();
    if (next === TOKEN.end) {
      cursor.skip(1);
      return { kind: "element", name, dependsOn, attributes, children, isEmpty: false };
    }
    if ((next & ~MORE) === TOKEN.open) children.push(element(cursor, dialect, isDefinition, depth + 1));
    else if (next === TOKEN.instance || next === TOKEN.header)
      children.push(parseFragment(cursor, dialect, isDefinition, depth + 1));
    else if (next === TOKEN.target || next === TOKEN.data) children.push(instruction(cursor, dialect));
    else {
      const found = texts(cursor, dialect);
      if (found.length === 0) throw new BinXmlFault(`0x${next.toString(16)} stands within ${name}`);
      // One by one: a record may hold more texts than a call takes arguments.
      for (const one of found) children.push(one);
    }
  }
}

/** Texts, references and substitutions, as many as follow each other. */
function texts(cursor: ByteCursor, dialect: Dialect): XmlText[] {
  const found: XmlText[] = [];
  for (;;) {
    const next = cursor.peek();
    if (next < 0) return found;
    switch (next & ~MORE) {
      case TOKEN.value: {
        cursor.skip(1);
        const type = cursor.u8();
        if (type !== 1) throw new BinXmlFault(`a text of type ${type}`);
        found.push({ kind: "text", text: cursor.text(cursor.u16()) });
        break;
      }
      case TOKEN.cdata:
        cursor.skip(1);
        found.push({ kind: "cdata", text: cursor.text(cursor.u16()) });
        break;
      case TOKEN.character:
        cursor.skip(1);
        found.push({ kind: "character", code: cursor.u16() });
        break;
      case TOKEN.entity:
        cursor.skip(1);
        found.push({ kind: "entity", name: dialect.name(cursor) });
        break;
      case TOKEN.substitution:
      case TOKEN.optional: {
        cursor.skip(1);
        const id = cursor.u16();
        found.push({ kind: "substitution", id, isOptional: next === TOKEN.optional, type: cursor.u8() });
        break;
      }
      default:
        return found;
    }
  }
}

function instruction(cursor: ByteCursor, dialect: Dialect): XmlText {
  let target = "";
  if (cursor.peek() === TOKEN.target) {
    cursor.skip(1);
    target = dialect.name(cursor);
  }
  let data: string | null = null;
  if (cursor.peek() === TOKEN.data) {
    cursor.skip(1);
    data = cursor.text(cursor.u16());
  }
  return { kind: "instruction", target, data };
}

/** A fragment that stands in a value, read with the names and templates of its surroundings. */
export function parseNested(values: Values, id: number, dialect: Dialect, depth: number): XmlNode {
  const at = values.at(id);
  return parseFragment(new ByteCursor(values.bytes, at, at + values.length(id)), dialect, false, depth);
}
