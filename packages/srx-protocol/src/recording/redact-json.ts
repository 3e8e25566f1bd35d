import { respell, type SpelledText } from "./spelled-text.ts";
import { STEP_CHARACTERS, type Steps } from "./steps.ts";
import type { ValueRules } from "./value-rules.ts";

const DEPTH_MAX = 64;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

interface Level {
  readonly isObject: boolean;
  name: string;
}

/**
 * Replaces what names somebody in a JSON document and leaves everything else as it was written: order, blanks, escapes.
 *
 * Errors: null for what is no JSON document, or one nested deeper than 64: nothing of it may be kept then. Linear time.
 */
export function* redactJson(document: string, rules: ValueRules): Steps<string | null> {
  try {
    JSON.parse(document);
  } catch {
    return null;
  }
  const levels: Level[] = [];
  let written = "";
  let isName = false;
  let at = 0;
  let pauseAt = STEP_CHARACTERS;
  const names = (): string[] => levels.filter((level) => level.name !== "").map((level) => level.name);
  while (at < document.length) {
    if (at >= pauseAt) {
      yield;
      pauseAt = at + STEP_CHARACTERS;
    }
    const character = document.charAt(at);
    switch (character) {
      case "{":
      case "[":
        if (levels.length >= DEPTH_MAX) return null;
        levels.push({ isObject: character === "{", name: "" });
        isName = character === "{";
        break;
      case "}":
      case "]":
        levels.pop();
        isName = false;
        break;
      case ",":
        isName = levels.at(-1)?.isObject === true;
        break;
      case ":":
        isName = false;
        break;
      case '"': {
        const end = endOfText(document, at);
        const spelled = readText(document, at + 1, end);
        if (isName) {
          const level = levels.at(-1);
          if (level !== undefined) level.name = spelled.text;
          written += `"${respell(spelled, rules.name(spelled.text, holdsMore(document, end + 1)), spell)}"`;
        } else written += `"${respell(spelled, rules.text(names(), spelled.text), spell)}"`;
        at = end + 1;
        continue;
      }
      default: {
        const number = /[-0-9]/.test(character) ? readNumber(document, at) : "";
        if (number !== "") {
          written += rules.number(names(), number);
          at += number.length;
          continue;
        }
      }
    }
    written += character;
    at += 1;
  }
  return written;
}

/** Whether the member whose name ended before `at` is an object or begins with one. */
function holdsMore(document: string, at: number): boolean {
  return /^\s{0,64}:\s{0,64}(?:\[\s{0,64})?\{/.test(document.slice(at, at + 260));
}

function endOfText(document: string, from: number): number {
  for (let at = from + 1; at < document.length; at++) {
    const character = document.charAt(at);
    if (character === '"') return at;
    if (character === "\\") at += 1;
  }
  return document.length;
}

function readText(document: string, from: number, end: number): SpelledText {
  const plain = document.slice(from, end);
  if (!plain.includes("\\")) return { text: plain, spellings: plain.split("") };
  let text = "";
  const spellings: string[] = [];
  for (let at = from; at < end; ) {
    const character = document.charAt(at);
    const length = character !== "\\" ? 1 : document.charAt(at + 1) === "u" ? 6 : 2;
    const spelling = document.slice(at, at + length);
    text +=
      length === 1
        ? character
        : length === 6
          ? String.fromCharCode(Number.parseInt(spelling.slice(2), 16))
          : (ESCAPES[spelling.charAt(1)] ?? "");
    spellings.push(spelling);
    at += length;
  }
  return { text, spellings };
}

function readNumber(document: string, from: number): string {
  let end = from;
  while (end < document.length && /[-+.0-9eE]/.test(document.charAt(end))) end += 1;
  return document.slice(from, end);
}

function spell(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
