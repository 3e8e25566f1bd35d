import { respell, type SpelledText } from "./spelled-text.ts";
import { STEP_CHARACTERS, type Steps } from "./steps.ts";
import type { ValueRules } from "./value-rules.ts";

const DEPTH_MAX = 64;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const SPELLED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
const NAME = /[A-Za-z_][\w.:-]{0,127}/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w.:-]{0,127})\s*=\s*("[^"<]*"|'[^'<]*')/y;

/**
 * Replaces what names somebody in an XML document and leaves everything else as it was written.
 *
 * Shape:  names of elements and attributes stay; texts, CDATA and attributes' values are replaced by the names around them;
 *         comments and processing instructions (but for the XML declaration) are left out.
 * Errors: null for what is not well formed as far as this reader goes, has a document type (entities!), or is nested
 *         deeper than 64: nothing of it may be kept then. Linear time.
 */
export function* redactXml(document: string, rules: ValueRules): Steps<string | null> {
  const names: string[] = [];
  let written = "";
  let at = 0;
  let roots = 0;
  let pauseAt = STEP_CHARACTERS;
  while (at < document.length) {
    if (at >= pauseAt) {
      yield;
      pauseAt = at + STEP_CHARACTERS;
    }
    if (document.charAt(at) !== "<") {
      const found = document.indexOf("<", at);
      const end = found < 0 ? document.length : found;
      const piece = document.slice(at, end);
      at = end;
      if (piece.trim() === "") {
        written += piece;
        continue;
      }
      if (names.length === 0) return null;
      const text = redactText(piece, names, rules);
      if (text === null) return null;
      written += text;
      continue;
    }
    if (document.startsWith("<!--", at)) {
      const end = document.indexOf("-->", at);
      if (end < 0) return null;
      at = end + 3;
      continue;
    }
    if (document.startsWith("<![CDATA[", at)) {
      const end = document.indexOf("]]>", at);
      if (end < 0 || names.length === 0) return null;
      written += `<![CDATA[${rules.text(names, document.slice(at + 9, end)).replaceAll("]]>", "")}]]>`;
      at = end + 3;
      continue;
    }
    if (document.startsWith("<?", at)) {
      const end = document.indexOf("?>", at);
      if (end < 0) return null;
      const instruction = document.slice(at, end + 2);
      if (/^<\?xml(?:\s+(?:version|encoding|standalone)=["'][\w.-]{1,20}["'])*\s*\?>$/.test(instruction))
        written += instruction;
      at = end + 2;
      continue;
    }
    const closes = document.charAt(at + 1) === "/";
    NAME.lastIndex = at + (closes ? 2 : 1);
    const name = NAME.exec(document)?.[0];
    if (name === undefined) return null;
    if (closes) {
      const end = document.indexOf(">", NAME.lastIndex);
      if (names.pop() !== name || end < 0 || document.slice(NAME.lastIndex, end).trim() !== "") return null;
      written += document.slice(at, end + 1);
      at = end + 1;
      continue;
    }
    if (names.length >= DEPTH_MAX || (names.length === 0 && ++roots > 1)) return null;
    names.push(name);
    written += `<${name}`;
    let here = NAME.lastIndex;
    for (;;) {
      ATTRIBUTE.lastIndex = here;
      const attribute = ATTRIBUTE.exec(document);
      if (attribute === null) break;
      const [whole, key = "", quoted = '""'] = attribute;
      const value = quoted.slice(1, -1);
      const kept = /^xmlns(?::|$)/.test(key)
        ? rules.text(["xmlns"], value)
        : redactText(value, [...names, key], rules);
      if (kept === null) return null;
      written += `${whole.slice(0, whole.length - quoted.length)}${quoted.charAt(0)}${kept}${quoted.charAt(0)}`;
      here = ATTRIBUTE.lastIndex;
    }
    const end = document.indexOf(">", here);
    if (end < 0) return null;
    const rest = document.slice(here, end + 1);
    if (!/^\s*\/?>$/.test(rest)) return null;
    if (rest.includes("/")) names.pop();
    written += rest;
    at = end + 1;
  }
  return names.length === 0 && roots === 1 ? written : null;
}

function redactText(piece: string, names: readonly string[], rules: ValueRules): string | null {
  const spelled = readText(piece);
  if (spelled === null) return null;
  // Blanks around a value are the document's, not the value's.
  const lead = spelled.text.length - spelled.text.trimStart().length;
  const value = spelled.text.trim();
  const replaced =
    spelled.text.slice(0, lead) + rules.text(names, value) + spelled.text.slice(lead + value.length);
  return respell(spelled, replaced, spell);
}

function readText(piece: string): SpelledText | null {
  if (!piece.includes("&")) return { text: piece, spellings: piece.split("") };
  let text = "";
  const spellings: string[] = [];
  for (let at = 0; at < piece.length; ) {
    const character = piece.charAt(at);
    if (character !== "&") {
      text += character;
      spellings.push(character);
      at += 1;
      continue;
    }
    const spelling = /^&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-z]{2,4}));/.exec(piece.slice(at, at + 12));
    if (spelling === null) return null;
    const [whole, hex, decimal, entity] = spelling;
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal ?? -1);
    const means =
      entity !== undefined ? ENTITIES[entity] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (means === undefined) return null;
    text += means;
    spellings.push(whole, ...(means.length > 1 ? [""] : []));
    at += whole.length;
  }
  return { text, spellings };
}

function spell(text: string): string {
  return text.replace(/[&<>"']/g, (character) => SPELLED[character] ?? character);
}
