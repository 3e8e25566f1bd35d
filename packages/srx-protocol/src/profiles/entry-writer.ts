import type { EntryView } from "./entry-view.ts";
import { type FieldValue, fieldReader, isList } from "./field-value.ts";
import type { SrxProfileDocument } from "./profile-document.ts";

/** Writes one entry as text. */
export type EntryWriter = (view: EntryView) => string;

/** Names as a tree, in the order of first mention: two fields under one parent share it. */
interface Level {
  readonly children: Map<string, Level | ValueWriter>;
}

/** The value of a field in one entry, written for its place under `name`; null: it is left out. */
type ValueWriter = (view: EntryView, name: string) => string | null;

function levelsOf(
  body: SrxProfileDocument["body"],
  writerOf: (read: (view: EntryView) => FieldValue) => ValueWriter,
): Level {
  const root: Level = { children: new Map() };
  for (const field of body.fields) {
    const write = writerOf(fieldReader(field, body));
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
      level.children.set(last, write);
    }
  }
  return root;
}

/** Writes entries as JSON objects whose texts hold no character that means something in XML or HTML. */
export function jsonWriter(body: SrxProfileDocument["body"]): EntryWriter {
  const textOf = (value: FieldValue): string | null => {
    if (typeof value === "string") return jsonText(value);
    if (value === null || !isList(value)) return value === null ? null : String(value);
    let text = "";
    for (const { written } of value) text += text === "" ? written : `,${written}`;
    return `[${text}]`;
  };
  const write = jsonLevel(
    levelsOf(body, (read) => {
      // A field under several names is written once.
      let last: EntryView | null = null;
      let text: string | null = null;
      return (view) => {
        if (view === last) return text;
        last = view;
        text = textOf(read(view));
        return text;
      };
    }),
  );
  return (view) => write(view) ?? "{}";
}

/** Null where nothing of the level is written: an object of left-out members is left out itself. */
function jsonLevel({ children }: Level): (view: EntryView) => string | null {
  const members = [...children].map(([name, below]) => ({
    name,
    first: `{${jsonText(name)}:`,
    next: `,${jsonText(name)}:`,
    write: typeof below === "object" ? jsonLevel(below) : below,
  }));
  return (view) => {
    let text = "";
    for (const { name, first, next, write } of members) {
      const value = write(view, name);
      if (value !== null) text += (text === "" ? first : next) + value;
    }
    return text === "" ? null : `${text}}`;
  };
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
  const write = xmlLevel(
    levelsOf(body, (read) => (view, name) => {
      const value = read(view);
      if (value === null) return null;
      if (!isList(value)) return `<${name}>${xmlText(String(value))}</${name}>`;
      let text = "";
      for (const one of value) text += `<${name}>${one.written}</${name}>`;
      return text;
    }),
  );
  const { itemKey } = body;
  return (view) => `<${itemKey}>${write(view) ?? ""}</${itemKey}>`;
}

function xmlLevel({ children }: Level): (view: EntryView) => string | null {
  const members = [...children].map(([name, below]) => {
    if (typeof below !== "object") return { name, write: below };
    const inside = xmlLevel(below);
    const write: ValueWriter = (view) => {
      const inner = inside(view);
      return inner === null ? null : `<${name}>${inner}</${name}>`;
    };
    return { name, write };
  });
  return (view) => {
    let text: string | null = null;
    for (const { name, write } of members) {
      const written = write(view, name);
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
