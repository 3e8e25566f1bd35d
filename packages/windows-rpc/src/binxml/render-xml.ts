import { BinXmlFault } from "./binxml-fault.ts";
import type { Dialect } from "./dialect.ts";
import type { Values, XmlElement, XmlNode, XmlText } from "./node.ts";
import { DEPTH_MAX, parseNested } from "./parse-fragment.ts";
import { listTexts, VALUE, valueText } from "./value-text.ts";

/** A record is at most 2 MiB; a list that repeats its element many times may say, and cost, much more than that. */
const WORK_MAX = 16 * 1024 * 1024;

/**
 * The XML that Windows' own export gives for a record, byte for byte.
 *
 * Errors: `BinXmlFault` where a nested fragment cannot be read, or where nodes, characters and bytes of nested fragments together are more than 16 Mi.
 * Source: `wevtutil` exports of the same records (captured).
 */
export function renderXml(node: XmlNode, dialect: Dialect): string {
  return new Renderer(dialect).node(node, null, -1, 0);
}

class Renderer {
  readonly #dialect: Dialect;
  #spent = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** `item`: which element of a list is meant, where the enclosing element is repeated for each; -1 elsewhere. */
  node(node: XmlNode, values: Values | null, item: number, depth: number): string {
    if (depth > DEPTH_MAX) throw new BinXmlFault(`more than ${DEPTH_MAX} elements within each other`);
    this.#spend(1);
    switch (node.kind) {
      case "element":
        return this.#element(node, values, item, depth);
      case "instance":
        return this.node(node.template.root, node.values, -1, depth + 1);
      default:
        return this.#counted(this.#text(node, values, item, escaped, depth));
    }
  }

  #element(element: XmlElement, values: Values | null, item: number, depth: number): string {
    const { name, dependsOn, children } = element;
    if (dependsOn >= 0 && values !== null && values.type(dependsOn) === 0) return "";
    const list = item < 0 && values !== null ? listIn(children, values) : -1;
    if (list >= 0 && values !== null)
      return listTexts(values.bytes, values.type(list), values.at(list), values.length(list))
        .map((_, at) => this.#element(element, values, at, depth))
        .join("");
    const [only] = children;
    if (
      dependsOn >= 0 &&
      children.length === 1 &&
      only?.kind === "substitution" &&
      only.isOptional &&
      isMissing(values, only.id)
    )
      return "";
    let start = `<${name}`;
    for (const { name: attribute, parts } of element.attributes) {
      if (parts.some((part) => part.kind === "substitution" && part.isOptional && isMissing(values, part.id)))
        continue;
      const text = parts.map((part) => this.#text(part, values, item, escapedInAttribute, depth)).join("");
      if (text !== "") start += ` ${attribute}='${text}'`;
    }
    this.#spend(start.length);
    if (element.isEmpty) return `${start}/>`;
    return `${start}>${children.map((child) => this.node(child, values, item, depth + 1)).join("")}</${name}>`;
  }

  #text(
    part: XmlText,
    values: Values | null,
    item: number,
    quote: (text: string) => string,
    depth: number,
  ): string {
    switch (part.kind) {
      case "text":
        return quote(part.text);
      case "cdata":
        return `<![CDATA[${part.text}]]>`;
      case "character":
        return `&#${part.code};`;
      case "entity":
        return `&${part.name};`;
      case "instruction":
        return part.data === null ? `<?${part.target}?>` : `<?${part.target} ${part.data}?>`;
      case "substitution": {
        if (values === null || values.isMissing(part.id)) return "";
        const type = values.type(part.id);
        const [at, length] = [values.at(part.id), values.length(part.id)];
        // Once for each time it is read: beside a list, that is once for each item.
        this.#spend(length);
        if (type === VALUE.fragment)
          return this.node(parseNested(values, part.id, this.#dialect, depth + 1), null, -1, depth + 1);
        if ((type & VALUE.array) === 0) return quote(valueText(values.bytes, type, at, length));
        const list = listTexts(values.bytes, type, at, length);
        return item < 0 ? list.map(quote).join("") : quote(list[item] ?? "");
      }
    }
  }

  #counted(text: string): string {
    this.#spend(text.length);
    return text;
  }

  #spend(work: number): void {
    this.#spent += work;
    if (this.#spent > WORK_MAX) throw new BinXmlFault(`more than ${WORK_MAX} characters of XML`);
  }
}

function isMissing(values: Values | null, id: number): boolean {
  return values === null || values.isMissing(id);
}

/** The list that makes its element stand once for each of its items; -1: there is none. */
function listIn(children: readonly XmlNode[], values: Values): number {
  for (const child of children)
    if (child.kind === "substitution" && values.type(child.id) & VALUE.array) return child.id;
  return -1;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&apos;",
  '"': "&quot;",
};
const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => ESCAPES[sign] ?? sign);
const escapedInAttribute = (text: string): string =>
  text.replace(/[&<>'"]/g, (sign) => ESCAPES[sign] ?? sign);
