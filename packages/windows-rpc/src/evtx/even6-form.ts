import type { Dialect } from "../binxml/dialect.ts";
import type { TemplateInstance, XmlElement, XmlNode, XmlText } from "../binxml/node.ts";
import { parseNested } from "../binxml/parse-fragment.ts";
import { VALUE } from "../binxml/value-text.ts";
import { uuidBytes } from "../ndr/index.ts";

const HEADER = Buffer.from([0x0f, 0x01, 0x01, 0x00]);
const END_OF_FRAGMENT = Buffer.from([0x00]);

/**
 * A record of a file as a server would send it: names and definitions beside each use.
 *
 * For test servers and tools; what Windows does of itself.
 * Source: MS-EVEN6 2.2.12 (documented).
 */
export function even6Form(root: XmlNode, dialect: Dialect): Buffer {
  return Buffer.concat([fragment(root, dialect), END_OF_FRAGMENT]);
}

function fragment(node: XmlNode, dialect: Dialect): Buffer {
  const body =
    node.kind === "instance"
      ? instance(node, dialect)
      : node.kind === "element"
        ? element(node, dialect, false)
        : text(node, false);
  return Buffer.concat([HEADER, body]);
}

function instance({ template, values }: TemplateInstance, dialect: Dialect): Buffer {
  const definition =
    template.root.kind === "element"
      ? Buffer.concat([HEADER, element(template.root, dialect, true), END_OF_FRAGMENT])
      : Buffer.concat([fragment(template.root, dialect), END_OF_FRAGMENT]);
  const bodies = Array.from({ length: values.count }, (_, id) =>
    values.type(id) === VALUE.fragment && values.length(id) > 0
      ? Buffer.concat([fragment(parseNested(values, id, dialect, 0), dialect), END_OF_FRAGMENT])
      : values.bytes.subarray(values.at(id), values.at(id) + values.length(id)),
  );
  const table = bodies.map((body, id) =>
    Buffer.concat([u16(body.length), Buffer.from([values.type(id), 0])]),
  );
  return Buffer.concat([
    Buffer.from([0x0c, 0x00]),
    uuidBytes(template.guid.slice(1, -1)),
    u32(definition.length),
    definition,
    u32(bodies.length),
    ...table,
    ...bodies,
  ]);
}

function element(node: XmlElement, dialect: Dialect, isDefinition: boolean): Buffer {
  const { attributes, children } = node;
  const list = Buffer.concat(
    attributes.map(({ name: attribute, parts }, at) =>
      Buffer.concat([
        Buffer.from([at < attributes.length - 1 ? 0x46 : 0x06]),
        name(attribute),
        ...parts.map((part, index) => text(part, isText(parts[index + 1]))),
      ]),
    ),
  );
  const body = node.isEmpty
    ? [Buffer.from([0x03])]
    : [
        Buffer.from([0x02]),
        ...children.map((child, at) =>
          child.kind === "element"
            ? element(child, dialect, isDefinition)
            : child.kind === "instance"
              ? fragment(child, dialect)
              : text(child, isText(children[at + 1])),
        ),
        Buffer.from([0x04]),
      ];
  const within = Buffer.concat([
    name(node.name),
    ...(attributes.length > 0 ? [u32(list.length), list] : []),
    ...body,
  ]);
  return Buffer.concat([
    Buffer.from([attributes.length > 0 ? 0x41 : 0x01]),
    ...(isDefinition ? [u16(node.dependsOn < 0 ? 0xffff : node.dependsOn)] : []),
    u32(within.length),
    within,
  ]);
}

function text(part: XmlText, hasMore: boolean): Buffer {
  const more = hasMore ? 0x40 : 0;
  switch (part.kind) {
    case "text":
      return Buffer.concat([Buffer.from([0x05 | more, 0x01]), u16(part.text.length), wide(part.text)]);
    case "cdata":
      return Buffer.concat([Buffer.from([0x07 | more]), u16(part.text.length), wide(part.text)]);
    case "character":
      return Buffer.concat([Buffer.from([0x08 | more]), u16(part.code)]);
    case "entity":
      return Buffer.concat([Buffer.from([0x09 | more]), name(part.name)]);
    case "substitution":
      return Buffer.concat([
        Buffer.from([part.isOptional ? 0x0e : 0x0d]),
        u16(part.id),
        Buffer.from([part.type]),
      ]);
    case "instruction":
      return Buffer.concat([
        Buffer.from([0x0a]),
        name(part.target),
        Buffer.from([0x0b]),
        u16(part.data?.length ?? 0),
        wide(part.data ?? ""),
      ]);
  }
}

function isText(node: XmlNode | undefined): boolean {
  return (
    node?.kind === "text" || node?.kind === "cdata" || node?.kind === "character" || node?.kind === "entity"
  );
}

function name(of: string): Buffer {
  return Buffer.concat([u16(nameHash(of)), u16(of.length), wide(of), u16(0)]);
}

/** The low 16 bits of the hash that Windows keeps beside each name (captured). */
function nameHash(of: string): number {
  let hash = 0;
  for (let at = 0; at < of.length; at++) hash = (Math.imul(hash, 65_599) + of.charCodeAt(at)) >>> 0;
  return hash & 0xffff;
}

function wide(text: string): Buffer {
  return Buffer.from(text, "utf16le");
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
