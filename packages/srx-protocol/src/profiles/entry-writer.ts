import type { EntryView } from "./entry-view.ts";
import { type FieldValue, fieldReader, isList } from "./field-value.ts";
import type { SrxProfileDocument } from "./profile-document.ts";

/** Writes one entry as text. */
export type EntryWriter = (view: EntryView) => string;

/** Names as a tree, in the order of first mention: two fields under one parent share it. */
interface Level {
  readonly children: Map<string, Level | ((view: EntryView) => FieldValue)>;
}

function levelsOf(body: SrxProfileDocument["body"]): Level {
  const root: Level = { children: new Map() };
  for (const field of body.fields) {
    const read = fieldReader(field, body);
    for (const path of field.as) {
      const names = path.split("/");
      const last = names.pop() ?? path;
      let level = root;
      for (const name of names) {
        const below = level.children.get(name);
        const next: Level = typeof below === "object" ? below : { children: new Map() };
        level.children.set(name, next);
        level = next;
      }
      level.children.set(last, read);
    }
  }
  return root;
}

/** Writes entries as JSON objects whose texts hold no character that means something in XML or HTML. */
export function jsonWriter(body: SrxProfileDocument["body"]): EntryWriter {
  const write = jsonLevel(levelsOf(body));
  return (view) => write(view) ?? "{}";
}

/** Null where nothing of the level is written: an object of left-out members is left out itself. */
function jsonLevel({ children }: Level): (view: EntryView) => string | null {
  const members = [...children].map(([name, below]) => {
    const key = `${jsonText(name)}:`;
    if (typeof below === "object") return { key, write: jsonLevel(below) };
    return {
      key,
      write: (view: EntryView): string | null => {
        const value = below(view);
        return value === null ? null : jsonValue(value);
      },
    };
  });
  return (view) => {
    let text = "";
    for (const { key, write } of members) {
      const value = write(view);
      if (value !== null) text += text === "" ? `{${key}${value}` : `,${key}${value}`;
    }
    return text === "" ? null : `${text}}`;
  };
}

function jsonValue(value: string | number | boolean | readonly string[]): string {
  if (typeof value === "string") return jsonText(value);
  return isList(value) ? `[${value.map(jsonText).join(",")}]` : String(value);
}

const NEEDS_NO_ESCAPE = /^[ !#-%'-;=?-[\]-~]*$/;

export function jsonText(text: string): string {
  if (NEEDS_NO_ESCAPE.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[<>&]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

/** Writes entries as XML elements. An element of a list is repeated; its parent stands also when the list is empty. */
export function xmlWriter(body: SrxProfileDocument["body"]): EntryWriter {
  const write = xmlLevel(levelsOf(body));
  const { itemKey } = body;
  return (view) => `<${itemKey}>${write(view) ?? ""}</${itemKey}>`;
}

function xmlLevel({ children }: Level): (view: EntryView) => string | null {
  const members = [...children].map(([name, below]) => {
    const [open, close] = [`<${name}>`, `</${name}>`];
    if (typeof below === "object") {
      const write = xmlLevel(below);
      return (view: EntryView): string | null => {
        const inner = write(view);
        return inner === null ? null : open + inner + close;
      };
    }
    return (view: EntryView): string | null => {
      const value = below(view);
      if (value === null) return null;
      if (!isList(value)) return open + xmlText(String(value)) + close;
      let text = "";
      for (const item of value) text += open + xmlText(item) + close;
      return text;
    };
  });
  return (view) => {
    let text: string | null = null;
    for (const write of members) {
      const written = write(view);
      if (written !== null) text = text === null ? written : text + written;
    }
    return text;
  };
}

const XML_ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

export function xmlText(text: string): string {
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (character) => XML_ESCAPES[character] ?? "") : text;
}
