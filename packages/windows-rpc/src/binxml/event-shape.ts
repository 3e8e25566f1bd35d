import type { TemplateInstance, XmlElement, XmlNode, XmlText } from "./node.ts";

/** Where one value of an event stands: what its text is put together of, and what it depends on. */
export interface FieldShape {
  readonly parts: readonly XmlText[];
  /** The value without which the whole element is left out; -1: it stands always. */
  readonly dependsOn: number;
}

/** Where the values of an event stand in a template, or in a record without one. Found once for a template. */
export interface EventShape {
  /** Of `System`, by element or `Element.Attribute`. */
  readonly system: ReadonlyMap<string, FieldShape>;
  /** Of `EventData` and `UserData`, by name, in order. */
  readonly data: ReadonlyMap<string, FieldShape>;
  /** Values that hold a fragment of their own, if they hold one, and instances of further templates. */
  readonly within: readonly (number | TemplateInstance)[];
}

const FIELDS_MAX = 1000;
const shapes = new WeakMap<XmlNode, EventShape>();

/** The shape of what stands under `root`; `root` is an element `Event`, or what stands within one. */
export function shapeOf(root: XmlNode): EventShape {
  let shape = shapes.get(root);
  if (shape === undefined) {
    shape = findShape(root);
    shapes.set(root, shape);
  }
  return shape;
}

function findShape(root: XmlNode): EventShape {
  const system = new Map<string, FieldShape>();
  const data = new Map<string, FieldShape>();
  const within: (number | TemplateInstance)[] = [];
  const times = new Map<string, number>();
  const values = new Set<number>();
  const withinOnce = (id: number): void => {
    if (values.has(id)) return;
    values.add(id);
    within.push(id);
  };

  const put = (fields: Map<string, FieldShape>, name: string, field: FieldShape): void => {
    if (fields.size >= FIELDS_MAX) return;
    // Names that stand twice are told apart by a number: `Data`, `Data2`. Counted, so that a thousand cost no million looks.
    let again = times.get(name) ?? 1;
    let unique = again === 1 ? name : `${name}${again}`;
    while (fields.has(unique)) {
      again += 1;
      unique = `${name}${again}`;
    }
    times.set(name, again);
    fields.set(unique, field);
  };

  const look = (node: XmlNode, place: "event" | "system" | "data"): void => {
    if (node.kind === "instance") {
      within.push(node);
      return;
    }
    if (node.kind !== "element") {
      if (node.kind === "substitution") withinOnce(node.id);
      return;
    }
    if (place === "event" && node.name === "Event") {
      for (const child of node.children) look(child, "event");
      return;
    }
    if (place === "event" && node.name === "System") {
      for (const child of node.children) look(child, "system");
      return;
    }
    if (place === "event" && node.name === "RenderingInfo") return;
    if (place === "event") {
      for (const child of node.children) look(child, "data");
      return;
    }
    if (place === "system") {
      attributesOf(node, (name, field) => put(system, `${node.name}.${name}`, field));
      put(system, node.name, textOf(node));
      return;
    }
    const inner = node.children.filter((child) => child.kind === "element" || child.kind === "instance");
    if (inner.length > 0) {
      for (const child of node.children) look(child, "data");
      return;
    }
    const named = node.attributes.find(({ name }) => name === "Name")?.parts;
    const name = named === undefined ? node.name : literal(named);
    put(data, name === "" ? node.name : name, textOf(node));
    for (const child of node.children) if (child.kind === "substitution") withinOnce(child.id);
  };
  look(root, "event");
  return { system, data, within };
}

function textOf({ children, dependsOn }: XmlElement): FieldShape {
  return {
    dependsOn,
    parts: children.flatMap((child) =>
      child.kind === "element" || child.kind === "instance" ? [] : [child],
    ),
  };
}

function attributesOf(element: XmlElement, each: (name: string, field: FieldShape) => void): void {
  for (const { name, parts } of element.attributes) each(name, { parts, dependsOn: element.dependsOn });
}

function literal(parts: readonly XmlText[]): string {
  return parts.map((part) => (part.kind === "text" ? part.text : "")).join("");
}
