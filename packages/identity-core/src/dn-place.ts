/** A place in a directory, or where an object stands: its parts from the object upwards, as they are compared. */
export type DnPath = readonly string[];

/**
 * Reads a distinguished name as a path.
 *
 * Shape:  `OU=Session hosts,DC=corp,DC=example` is three parts, in lower case, without the spaces around signs; what is
 *         escaped (`\,` or `\2C`) is what it stands for. Null for what is no distinguished name.
 * Source: RFC 4514, sections 2 and 3 (documented).
 */
export function parseDnPath(dn: string): DnPath | null {
  const parts: string[] = [];
  for (const part of splitAtCommas(dn)) {
    const equals = part.indexOf("=");
    const type = part.slice(0, Math.max(0, equals)).trim();
    const value = unescaped(part.slice(equals + 1).trim());
    if (!/^[A-Za-z][A-Za-z0-9-]*$|^\d+(\.\d+)*$/.test(type) || value === "") return null;
    parts.push(`${type}=${value}`.toLowerCase());
  }
  return parts.length === 0 ? null : parts;
}

/** Whether what stands at `path` is `place` itself, or stands anywhere under it. */
export function isUnder(path: DnPath, place: DnPath): boolean {
  const from = path.length - place.length;
  return from >= 0 && place.every((part, at) => path[from + at] === part);
}

function splitAtCommas(dn: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < dn.length; at += 1) {
    if (dn[at] === "\\") at += 1;
    else if (dn[at] === ",") {
      parts.push(dn.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(dn.slice(from));
  return parts;
}

/** Two hexadecimal digits are an octet of UTF-8; any other sign after a backslash is itself. */
function unescaped(value: string): string {
  return value.replace(/(?:\\[0-9a-fA-F]{2})+|\\(.)/g, (run: string, sign: string | undefined) => {
    if (sign !== undefined) return sign;
    try {
      return decodeURIComponent(run.replaceAll("\\", "%"));
    } catch {
      return run;
    }
  });
}
