/** A message as a reviewer reads it: its body in lines, one value each. The bytes themselves are in the golden file. */
export function readable(message: string): string {
  const headEnd = message.indexOf("\r\n\r\n");
  const head = message.slice(0, headEnd).replaceAll("\r\n", "\n");
  const body = message.slice(headEnd + 4);
  return body === "" ? head : `${head}\n\n${body.startsWith("<") ? xmlLines(body) : jsonLines(body)}`;
}

function jsonLines(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function xmlLines(body: string): string {
  const lines: string[] = [];
  let depth = 0;
  for (const [, piece = ""] of body.matchAll(/(<\?[^>]*\?>|<\/[^>]*>|<[^>]*>[^<]*<\/[^>]*>|<[^>]*>)/g)) {
    if (piece.startsWith("</")) depth -= 1;
    lines.push("  ".repeat(Math.max(0, depth)) + piece);
    if (/^<[^/?][^>]*>$/.test(piece)) depth += 1;
  }
  return lines.join("\n");
}
