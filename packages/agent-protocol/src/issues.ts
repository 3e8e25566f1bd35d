import type { z } from "zod";

/** At most this many sentences of one refusal: enough to mend it, short enough to log. */
const MAX_ISSUES = 20;

/** Every fault of a value that did not fit its schema, one sentence each: path first, then what was expected. */
export function issueSentences(error: z.ZodError): string[] {
  const sentences = error.issues.map((issue) => `${pathOf(issue.path)}: ${issue.message}`);
  const more = sentences.length - MAX_ISSUES;
  return more > 0 ? [...sentences.slice(0, MAX_ISSUES), `and ${more} more`] : sentences;
}

function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "(the whole)";
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`,
    )
    .join("");
}
