/**
 * What is wrong with an expression, and where: for a person who is typing it.
 * Units: `position` and `length` count UTF-16 units of the expression, from 0.
 */
export interface PatternProblem {
  readonly position: number;
  readonly length: number;
  readonly message: string;
}

interface Construct {
  readonly starts: string;
  readonly message: string;
}

/** Group openings that other engines know and ours refuses, longest first where one begins another. */
const REFUSED_GROUPS: readonly Construct[] = [
  {
    starts: "(?<=",
    message:
      "look-behind is not supported by the agent: write the text before the value and put the value in a group",
  },
  {
    starts: "(?<!",
    message:
      "negative look-behind is not supported by the agent: use a second sequence or a narrower character class",
  },
  {
    starts: "(?=",
    message:
      "look-ahead is not supported by the agent: write the text after the value and put the value in a group",
  },
  {
    starts: "(?!",
    message: "negative look-ahead is not supported by the agent: use a narrower character class",
  },
  { starts: "(?>", message: "atomic groups are not needed and not supported: use (?:…)" },
  { starts: "(?(", message: "conditional groups are not supported by the agent: use two sequences" },
  { starts: "(?#", message: "comments inside an expression are not supported: use the description" },
  { starts: "(?|", message: "branch-reset groups are not supported by the agent: use named groups" },
  { starts: "(?P=", message: "back-references are not supported by the agent" },
  { starts: "(?P>", message: "calling another group is not supported by the agent" },
  { starts: "(?&", message: "calling another group is not supported by the agent" },
];

const REFUSED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["k", "back-references are not supported by the agent"],
  ["g", "back-references are not supported by the agent"],
  ["G", "\\G is not supported by the agent"],
  ["Z", "\\Z is not supported by the agent: use \\z or $"],
  ["h", "\\h is not supported by the agent: use [ \\t]"],
  ["H", "\\H is not supported by the agent: use [^ \\t]"],
  ["R", "\\R is not supported by the agent: a line holds no line break"],
  ["K", "\\K is not supported by the agent: put the value in a group"],
  ["X", "\\X is not supported by the agent: use ."],
  ["u", "\\u is not supported by the agent: use \\x{…}"],
  ["c", "\\c is not supported by the agent: use \\x{…}"],
  ["e", "\\e is not supported by the agent: use \\x1b"],
]);

/**
 * Finds the first construct that the agent's engine does not have, by walking the expression once.
 *
 * Shape:  null when nothing was found; the engine's own compiler still has the last word.
 * Errors: none; any text is walked, however broken.
 * Source: RE2 syntax (documented: github.com/google/re2/wiki/Syntax).
 */
export function findUnsupported(expression: string): PatternProblem | null {
  const openGroups: number[] = [];
  let at = 0;
  while (at < expression.length) {
    const character = expression[at];
    if (character === "\\") {
      const problem = checkEscape(expression, at, false);
      if (problem !== null) return problem;
      at = skipEscape(expression, at);
      continue;
    }
    if (character === "[") {
      const end = skipClass(expression, at);
      if (end.kind === "problem") return end.problem;
      at = end.at;
      continue;
    }
    if (character === "(") {
      const refused = REFUSED_GROUPS.find((group) => expression.startsWith(group.starts, at));
      if (refused !== undefined)
        return { position: at, length: refused.starts.length, message: refused.message };
      openGroups.push(at);
    }
    if (character === ")" && openGroups.pop() === undefined) {
      return {
        position: at,
        length: 1,
        message: "this ) closes nothing: write \\) for a bracket in the line",
      };
    }
    if (character === "+" && isRepetition(expression[at - 1]) && !isEscaped(expression, at - 1)) {
      return {
        position: at,
        length: 1,
        message: "possessive repetition is not needed and not supported: drop this +",
      };
    }
    at += 1;
  }
  const unclosed = openGroups.at(-1);
  return unclosed === undefined ? null : { position: unclosed, length: 1, message: "this ( is never closed" };
}

function isRepetition(character: string | undefined): boolean {
  return character === "+" || character === "*" || character === "?" || character === "}";
}

function isEscaped(expression: string, at: number): boolean {
  let backslashes = 0;
  while (expression[at - 1 - backslashes] === "\\") backslashes += 1;
  return backslashes % 2 === 1;
}

function checkEscape(expression: string, at: number, inClass: boolean): PatternProblem | null {
  const escaped = expression[at + 1];
  if (escaped === undefined) {
    return {
      position: at,
      length: 1,
      message: "the expression ends in a lone \\: write \\\\ for a backslash",
    };
  }
  if (!inClass && escaped >= "1" && escaped <= "9") {
    return { position: at, length: 2, message: "back-references are not supported by the agent" };
  }
  const message = REFUSED_ESCAPES.get(escaped);
  return message === undefined ? null : { position: at, length: 2, message };
}

/** `\Q…\E` is literal text; `\pL`, `\x{41}` and the like are passed by their first two characters. */
function skipEscape(expression: string, at: number): number {
  if (expression[at + 1] !== "Q") return at + 2;
  const end = expression.indexOf("\\E", at + 2);
  return end === -1 ? expression.length : end + 2;
}

type ClassEnd =
  | { readonly kind: "end"; readonly at: number }
  | { readonly kind: "problem"; readonly problem: PatternProblem };

function skipClass(expression: string, opening: number): ClassEnd {
  let at = opening + 1;
  if (expression[at] === "^") at += 1;
  // A ] that comes first stands for itself.
  if (expression[at] === "]") at += 1;
  while (at < expression.length) {
    if (expression[at] === "\\") {
      const problem = checkEscape(expression, at, true);
      if (problem !== null) return { kind: "problem", problem };
      at = skipEscape(expression, at);
      continue;
    }
    if (expression.startsWith("[:", at)) {
      const end = expression.indexOf(":]", at + 2);
      if (end !== -1) {
        at = end + 2;
        continue;
      }
    }
    if (expression[at] === "]") return { kind: "end", at: at + 1 };
    at += 1;
  }
  return { kind: "problem", problem: { position: opening, length: 1, message: "this [ is never closed" } };
}
