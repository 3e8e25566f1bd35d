/**
 * The line of a JSON text on which a value stands, by the path that a fault names (`body.fields[3].as`).
 *
 * Shape:  lines count from 1. Where the last part of the path is not there (a member that is missing), the line of what it
 *         is missing from; null where the text is no JSON.
 */
export function lineOfPath(text: string, path: string): number | null {
  const places = placesOf(text);
  if (places === null) return null;
  for (let wanted = path; ; ) {
    const at = places.get(wanted);
    if (at !== undefined) return lineAt(text, at);
    const cut = Math.max(wanted.lastIndexOf("."), wanted.lastIndexOf("["));
    if (wanted === "") return null;
    wanted = wanted.slice(0, Math.max(0, cut));
  }
}

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let index = 0; index < at; index += 1) if (text[index] === "\n") line += 1;
  return line;
}

const DEPTH_MAX = 50;

/** Where the value of each path begins; null for a text that is no JSON. Linear in the length of the text. */
function placesOf(text: string): ReadonlyMap<string, number> | null {
  const places = new Map<string, number>();
  let at = 0;
  const skip = () => {
    while (at < text.length && /\s/.test(text[at] ?? "")) at += 1;
  };
  const string = (): string | null => {
    if (text[at] !== '"') return null;
    const from = at;
    at += 1;
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at += 1;
    try {
      const value: unknown = JSON.parse(text.slice(from, at));
      return typeof value === "string" ? value : null;
    } catch {
      return null;
    }
  };
  const value = (path: string, depth: number): boolean => {
    skip();
    places.set(path, at);
    if (depth > DEPTH_MAX) return false;
    if (text[at] === "{") return members("}", depth, (name) => (path === "" ? name : `${path}.${name}`));
    if (text[at] === "[") return members("]", depth, (index) => `${path}[${index}]`);
    if (text[at] === '"') return string() !== null;
    const from = at;
    while (at < text.length && /[-+.\w]/.test(text[at] ?? "")) at += 1;
    return at > from;
  };
  const members = (close: string, depth: number, pathOf: (name: string) => string): boolean => {
    at += 1;
    skip();
    if (text[at] === close) {
      at += 1;
      return true;
    }
    for (let index = 0; ; index += 1) {
      skip();
      let name: string | null = String(index);
      if (close === "}") {
        name = string();
        skip();
        if (name === null || text[at] !== ":") return false;
        at += 1;
      }
      if (!value(pathOf(name), depth + 1)) return false;
      skip();
      if (text[at] === close) {
        at += 1;
        return true;
      }
      if (text[at] !== ",") return false;
      at += 1;
    }
  };
  return value("", 0) ? places : null;
}
