import { formatIp, parseIp, parseIpRange } from "@rollcall/identity-core";

/** What a search box or its fields ask for, ready for the statement. Null: not asked. */
export interface SessionQuery {
  readonly ip: string | null;
  /** First and last address of a range, inclusive. */
  readonly range: { readonly first: string; readonly last: string } | null;
  /** LIKE patterns, already escaped. */
  readonly ipHead: string | null;
  readonly user: string | null;
  readonly group: string | null;
  readonly text: string | null;
  readonly liveOnly: boolean;
}

interface Asked {
  readonly q: string;
  readonly ip?: string | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly liveOnly: boolean;
}

/**
 * Reads what was typed.
 *
 * An address or a range means itself; digits and dots alone ("10.20.") the head of an address; `DOMAIN\user` a user;
 * anything else is looked for in names, UPNs, devices and groups.
 */
export function sessionQuery(asked: Asked): SessionQuery {
  const typed = asked.q === "" ? null : readAddress(asked.q);
  const field =
    asked.ip === undefined || asked.ip === ""
      ? null
      : (readAddress(asked.ip) ?? { ipHead: headOf(asked.ip) });
  const afterDomain = /^[^\\]+\\+([^\\]+)$/.exec(asked.q)?.[1];
  const user = asked.user ?? (typed === null ? afterDomain : undefined);
  const text = typed === null && afterDomain === undefined && asked.q !== "" ? asked.q : null;
  return {
    ip: null,
    range: null,
    ipHead: null,
    ...typed,
    ...field,
    user: user === undefined || user === "" ? null : contains(user),
    group: asked.group === undefined || asked.group === "" ? null : contains(asked.group),
    text: text === null ? null : contains(text),
    liveOnly: asked.liveOnly,
  };
}

function readAddress(text: string): Partial<SessionQuery> | null {
  const ip = parseIp(text);
  if (ip !== null) return { ip };
  const range = rangeOf(text);
  if (range !== null) return { range };
  return /^\d{1,3}(?:\.\d{0,3}){1,3}$/.test(text) || /^[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){1,7}$/i.test(text)
    ? { ipHead: headOf(text) }
    : null;
}

function rangeOf(text: string): SessionQuery["range"] {
  const range = parseIpRange(text);
  if (range === null) return null;
  return range.family === 4
    ? { first: formatIp({ family: 4, value: range.first }), last: formatIp({ family: 4, value: range.last }) }
    : {
        first: formatIp({ family: 6, value: range.first }),
        last: formatIp({ family: 6, value: range.last }),
      };
}

function headOf(text: string): string {
  return `${escapeLike(text.toLowerCase())}%`;
}

function contains(text: string): string {
  return `%${escapeLike(text)}%`;
}

function escapeLike(text: string): string {
  return text.replaceAll("\0", "").replace(/[\\%_]/g, (character) => `\\${character}`);
}

/** Where a page of the list ends: its sort time (epoch ms), address and space. */
export interface SessionCursor {
  readonly sortMs: number;
  readonly ip: string;
  readonly space: string;
}

export function encodeCursor({ sortMs, ip, space }: SessionCursor): string {
  return Buffer.from(JSON.stringify([sortMs, ip, space]), "utf8").toString("base64url");
}

/** Null for the first page and for what is no cursor of ours. */
export function decodeCursor(text: string | null | undefined): SessionCursor | null {
  if (!text) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (!Array.isArray(value)) return null;
    const [sortMs, ip, space]: unknown[] = value;
    const isOurs =
      typeof sortMs === "number" &&
      Number.isFinite(sortMs) &&
      typeof ip === "string" &&
      typeof space === "string";
    return isOurs && parseIp(ip) !== null && /^[0-9a-f-]{36}$/.test(space) ? { sortMs, ip, space } : null;
  } catch {
    return null;
  }
}
