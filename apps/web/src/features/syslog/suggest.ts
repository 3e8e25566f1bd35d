import type { RuleAttribute } from "@rollcall/syslog-rules";
import type { EditedPattern, EditedSequence } from "./sequence-model.ts";

const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/** Text as an expression that means just that text. Runs of digits and of spaces may vary from line to line. */
export function literally(text: string): string {
  return text.replace(SPECIAL, "\\$&").replace(/\d+/g, "\\d+").replace(/\s+/g, "\\s+");
}

/**
 * An expression for a part of a line that a person has marked: the words before it, then the value in a group.
 *
 * Shape:  the value ends where this line ends it: at the character after the mark, or at white space.
 */
export function suggestPattern(
  line: string,
  start: number,
  end: number,
  attribute: RuleAttribute,
): EditedPattern {
  const value = line.slice(start, end);
  const before = lead(line.slice(0, start));
  const next = line.charAt(end);
  const pattern = `${literally(before)}(${valueClass(value, next)})`;
  const normalise = attribute === "user" || attribute === "device" ? splitOf(value) : "none";
  return { attribute, pattern, returnCount: 1, normalise, optional: attribute === "correlator" };
}

/** The last words before the mark, at most two, so that the pattern finds the place and not the whole line. */
function lead(before: string): string {
  const tail = before.slice(-48);
  const words = /(?:\S+\s+)?\S*$/.exec(tail)?.[0] ?? "";
  // A bare number or sign before the mark says little: take one word more.
  if (/[\p{L}]/u.test(words)) return words;
  return /(?:\S+\s+){1,3}\S*$/.exec(tail)?.[0] ?? tail;
}

function valueClass(value: string, next: string): string {
  if (/\s/.test(value)) return next === "" ? ".+" : `[^${inClass(next)}]+`;
  if (next === "" || /\s/.test(next)) return "\\S+";
  return `[^${inClass(next)}\\s]+`;
}

function inClass(character: string): string {
  return /[\\\]^-]/.test(character) ? `\\${character}` : character;
}

function splitOf(value: string): EditedPattern["normalise"] {
  if (/^[^\\\s]+\\+[^\\\s]+$/.test(value)) return "domain-user";
  if (/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value)) return "upn";
  if (/^(?:CN|UID|OU)=/i.test(value)) return "dn";
  return "none";
}

/**
 * What tells lines like this one from all others: its longest run of words without digits, quotes and values.
 * Shape: an expression; the whole line where nothing better is found.
 */
export function suggestTrigger(line: string): string {
  const runs = line
    .replace(/^<\d{1,3}>/, "")
    .split(/\S*[\d"=@\\{}]\S*/)
    .map((run) => run.trim())
    .filter((run) => /\p{L}{3}/u.test(run));
  const longest = runs.sort((a, b) => b.length - a.length)[0];
  return literally((longest ?? line).slice(0, 80));
}

/**
 * A trigger without a value that has been marked since: "for bob from" must not be meant by bob's lines only.
 * Shape: the trigger as it is where it does not hold the value as a word of its own.
 */
export function withoutValue(trigger: string, value: string): string {
  const literal = literally(value).replace(SPECIAL, "\\$&");
  return trigger.replace(new RegExp(`(^|\\\\s\\+|[^\\w])${literal}(?=$|\\\\s\\+|[^\\w])`, "g"), "$1\\S+");
}

/** A new sequence made from a real line: its trigger is guessed, and the line is its first sample. */
export function sequenceFrom(line: string, id: string): Omit<EditedSequence, "ordinal"> {
  return {
    id,
    description: "",
    kind: "begin",
    trigger: suggestTrigger(line),
    patterns: [],
    matchSourceIp: false,
    startingTimeMinutes: 0,
    positiveSamples: [line],
    negativeSamples: [],
  };
}
