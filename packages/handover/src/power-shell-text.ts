/**
 * A value as PowerShell reads it back unchanged: single-quoted, so that nothing in it is a variable or a command.
 *
 * Shape:  PowerShell ends such a string at typographic quotes too; each of them is doubled. Control characters become spaces:
 *         no name has one, and a line of a script stays one line.
 */
export function quoted(text: string): string {
  return `'${oneLine(text).replaceAll(/['\u2018\u2019\u201A\u201B]/g, "$&$&")}'`;
}

/** A list of values; `@()` where there is none. */
export function quotedList(texts: readonly string[]): string {
  return `@(${texts.map(quoted).join(", ")})`;
}

/** What stands in a comment: one line, whatever the text holds. */
export function commented(text: string): string {
  return `# ${oneLine(text)}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}

/** Windows PowerShell 5.1 reads a file without this mark in the machine's old code page. */
const BYTE_ORDER_MARK = "\uFEFF";

/** A script as Windows takes it: marked as UTF-8, lines ended as there. */
export function scriptFile(lines: readonly string[]): string {
  return `${BYTE_ORDER_MARK}${lines.join("\n").replaceAll("\r", "").replaceAll("\n", "\r\n")}\r\n`;
}
