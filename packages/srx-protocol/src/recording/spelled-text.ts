/** A text as a document spells it: each character (UTF-16 unit or escape) with the way it was written. */
export interface SpelledText {
  readonly text: string;
  /** How each UTF-16 unit of `text` was written; "" for a unit that an earlier spelling covers. */
  readonly spellings: readonly string[];
}

/**
 * Writes a replacement in the manner of the original: what did not change is spelled as before, so that an encoder's
 * habits (`\u003c`, `&apos;`) can be learnt from a recording.
 */
export function respell(original: SpelledText, replacement: string, spell: (text: string) => string): string {
  if (replacement.length !== original.text.length) return spell(replacement);
  let written = "";
  let changed = "";
  for (let at = 0; at < replacement.length; at++) {
    const unit = replacement.charAt(at);
    if (unit !== original.text.charAt(at)) {
      changed += unit;
      continue;
    }
    if (changed !== "") written += spell(changed);
    changed = "";
    written += original.spellings[at] ?? "";
  }
  return changed === "" ? written : written + spell(changed);
}
