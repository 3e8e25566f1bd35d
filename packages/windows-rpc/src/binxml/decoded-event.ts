import type { Dialect } from "./dialect.ts";
import { type EventShape, type FieldShape, shapeOf } from "./event-shape.ts";
import type { Values, XmlNode } from "./node.ts";
import { DEPTH_MAX, parseNested } from "./parse-fragment.ts";
import { fileTimeMs, listTexts, VALUE, valueText } from "./value-text.ts";

interface Layer {
  readonly shape: EventShape;
  readonly values: Values | null;
}

const LAYERS_MAX = 64;

/**
 * One record, whose values are read where they lie when they are asked for.
 *
 * Shape:  `WindowsEvent` of `@rollcall/event-rules`. Holds the bytes of its record as long as it lives.
 */
export class DecodedEvent {
  readonly #layers: Layer[] = [];

  constructor(root: XmlNode, dialect: Dialect) {
    this.#add(root, null, dialect, 0);
  }

  get provider(): string {
    return this.#system("Provider.Name") ?? "";
  }

  get eventId(): number {
    return Number(this.#system("EventID") ?? "0");
  }

  get version(): number {
    return Number(this.#system("Version") ?? "0");
  }

  get channel(): string {
    return this.#system("Channel") ?? "";
  }

  get computer(): string {
    return this.#system("Computer") ?? "";
  }

  get recordId(): bigint {
    const text = this.#system("EventRecordID") ?? "";
    return /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
  }

  /** NaN where the record has no readable time. */
  get time(): number {
    for (const { shape, values } of this.#layers) {
      const field = shape.system.get("TimeCreated.SystemTime");
      const part = field?.parts[0];
      if (part === undefined) continue;
      if (part.kind === "substitution" && values !== null && values.type(part.id) === 0x11)
        return fileTimeMs(values.bytes, values.at(part.id));
    }
    return Date.parse(this.#system("TimeCreated.SystemTime") ?? "");
  }

  /** A value of `System` by element or `Element.Attribute`; null where absent. */
  system(name: string): string | null {
    return this.#system(name);
  }

  data(name: string): string | null {
    for (const { shape, values } of this.#layers) {
      const field = shape.data.get(name);
      if (field !== undefined) return textOf(field, values);
    }
    return null;
  }

  /** The names of all values of `EventData` and `UserData` that are there, in order. */
  names(): string[] {
    return this.#layers.flatMap(({ shape, values }) =>
      [...shape.data].flatMap(([name, field]) => (textOf(field, values) === null ? [] : [name])),
    );
  }

  #system(name: string): string | null {
    for (const { shape, values } of this.#layers) {
      const field = shape.system.get(name);
      if (field !== undefined) return textOf(field, values);
    }
    return null;
  }

  #add(node: XmlNode, values: Values | null, dialect: Dialect, depth: number): void {
    if (depth > DEPTH_MAX || this.#layers.length >= LAYERS_MAX) return;
    if (node.kind === "instance") {
      this.#add(node.template.root, node.values, dialect, depth + 1);
      return;
    }
    const shape = shapeOf(node);
    this.#layers.push({ shape, values });
    for (const inner of shape.within) {
      // Before anything is parsed: what is left out must cost nothing.
      if (this.#layers.length >= LAYERS_MAX) return;
      if (typeof inner !== "number") this.#add(inner, null, dialect, depth + 1);
      else if (values !== null && values.type(inner) === VALUE.fragment && values.length(inner) > 0)
        this.#add(parseNested(values, inner, dialect, depth + 1), null, dialect, depth + 1);
    }
  }
}

/** Null where the element is left out. */
function textOf({ parts, dependsOn }: FieldShape, values: Values | null): string | null {
  if (dependsOn >= 0 && values !== null && values.isMissing(dependsOn)) return null;
  const [only] = parts;
  if (parts.length === 1 && only?.kind === "text") return only.text;
  let text = "";
  for (const part of parts) {
    switch (part.kind) {
      case "text":
      case "cdata":
        text += part.text;
        break;
      case "character":
        text += String.fromCharCode(part.code);
        break;
      case "entity":
        text += ENTITIES[part.name] ?? "";
        break;
      case "instruction":
        break;
      case "substitution": {
        if (values === null || values.isMissing(part.id)) break;
        const [type, at, length] = [values.type(part.id), values.at(part.id), values.length(part.id)];
        if (type === VALUE.fragment) break;
        text +=
          type & VALUE.array
            ? listTexts(values.bytes, type, at, length).join(", ")
            : valueText(values.bytes, type, at, length);
      }
    }
  }
  return text;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
