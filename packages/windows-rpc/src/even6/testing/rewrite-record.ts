import { ByteCursor } from "../../binxml/byte-cursor.ts";
import { Even6Dialect } from "../../binxml/even6-dialect.ts";
import { type TemplateInstance, Values, type XmlElement, type XmlNode } from "../../binxml/node.ts";
import { parseFragment, parseNested } from "../../binxml/parse-fragment.ts";
import { VALUE } from "../../binxml/value-text.ts";
import { even6Form } from "../../evtx/even6-form.ts";
import { valueBytes } from "./value-bytes.ts";

/** What is to stand in a record instead of what does; names that it does not have change nothing. */
export interface RecordChanges {
  /** By element, or `Element.Attribute`: `Computer`, `EventRecordID`, `TimeCreated.SystemTime` (ISO 8601). */
  readonly system?: Readonly<Record<string, string>>;
  /** By the `Name` of its `Data`, or by its element in `UserData`. */
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * A real record that speaks of other people, addresses and times: its values are encoded anew, as the types they had.
 *
 * For test servers. Shape: a record as a server sends it, in and out.
 * Errors: `BinXmlFault` for a record that cannot be read, `RangeError` for a value that does not fit its type.
 */
export function rewriteRecord(binXml: Uint8Array, changes: RecordChanges): Buffer {
  const dialect = new Even6Dialect();
  const bytes = Buffer.from(binXml.buffer, binXml.byteOffset, binXml.byteLength);
  const root = parseFragment(new ByteCursor(bytes, 0, bytes.length), dialect, false, 0);
  return even6Form(rewrite(root, changes, dialect), dialect);
}

function rewrite(node: XmlNode, changes: RecordChanges, dialect: Even6Dialect): XmlNode {
  if (node.kind === "instance") return rewriteInstance(node, changes, dialect);
  return node.kind === "element" ? rewriteElement(node, null, changes) : node;
}

function rewriteInstance(
  node: TemplateInstance,
  changes: RecordChanges,
  dialect: Even6Dialect,
): TemplateInstance {
  const wanted = new Map<number, { readonly type: number; readonly text: string }>();
  visit(node.template.root, null, changes, (parts, text) => {
    const [only] = parts;
    if (parts.length === 1 && only?.kind === "substitution") wanted.set(only.id, { type: only.type, text });
  });
  const { values } = node;
  const types = Array.from({ length: values.count }, (_, id) => values.type(id));
  const bodies = types.map((type, id) => {
    const change = wanted.get(id);
    if (change !== undefined) {
      // A value that is not there has no type of its own; its place in the template has one.
      const as = type === VALUE.none ? change.type : type;
      types[id] = as;
      return valueBytes(as, change.text);
    }
    if (type !== VALUE.fragment || values.length(id) === 0)
      return values.bytes.subarray(values.at(id), values.at(id) + values.length(id));
    return even6Form(rewrite(parseNested(values, id, dialect, 0), changes, dialect), dialect);
  });
  const places = new Int32Array(3 * bodies.length);
  let at = 0;
  for (const [id, body] of bodies.entries()) {
    places.set([types[id] ?? 0, at, body.length], 3 * id);
    at += body.length;
  }
  const { root } = node.template;
  return {
    ...node,
    template: {
      ...node.template,
      root: root.kind === "element" ? rewriteElement(root, null, changes) : root,
    },
    values: new Values(Buffer.concat(bodies), places),
  };
}

/**
 * Texts that stand in the element itself: all of a record without a template, as a collector writes them, and in the
 * templates of real records the name of the computer and of the log.
 */
function rewriteElement(element: XmlElement, within: string | null, changes: RecordChanges): XmlElement {
  const attributes = element.attributes.map((attribute) => {
    const text = within === "System" ? changes.system?.[`${element.name}.${attribute.name}`] : undefined;
    return text === undefined || !isText(attribute.parts)
      ? attribute
      : { ...attribute, parts: [{ kind: "text" as const, text }] };
  });
  const text = changeOf(element, within, changes);
  const children: readonly XmlNode[] =
    text !== undefined && isText(element.children)
      ? [{ kind: "text", text }]
      : element.children.map((child) =>
          child.kind === "element" ? rewriteElement(child, sectionOf(element, within), changes) : child,
        );
  return { ...element, attributes, children, isEmpty: element.isEmpty && children.length === 0 };
}

function isText(nodes: readonly XmlNode[]): boolean {
  return nodes.every(({ kind }) => kind === "text");
}

function visit(
  node: XmlNode,
  within: string | null,
  changes: RecordChanges,
  found: (parts: readonly XmlNode[], text: string) => void,
): void {
  if (node.kind !== "element") return;
  if (within === "System")
    for (const { name, parts } of node.attributes) {
      const text = changes.system?.[`${node.name}.${name}`];
      if (text !== undefined) found(parts, text);
    }
  const text = changeOf(node, within, changes);
  if (text !== undefined) found(node.children, text);
  for (const child of node.children) visit(child, sectionOf(node, within), changes, found);
}

function sectionOf(element: XmlElement, within: string | null): string | null {
  return within ?? (SECTIONS.has(element.name) ? element.name : null);
}
const SECTIONS: ReadonlySet<string> = new Set(["System", "EventData", "UserData"]);

function changeOf(element: XmlElement, within: string | null, changes: RecordChanges): string | undefined {
  if (within === "System") return changes.system?.[element.name];
  if (within === null) return undefined;
  const [name] = element.attributes.find((one) => one.name === "Name")?.parts ?? [];
  return changes.data?.[name?.kind === "text" ? name.text : element.name];
}
