import type { AnsweringComputer, EmptySeat, SeatedUser } from "./probe-answer.ts";

/** One row of an answer: columns by name. */
export type ProbeRow = ReadonlyMap<string, string | null>;

/** Who sits at the console, and what the computer is called. */
export const COMPUTER_QUERY = "SELECT UserName,Name,Domain,PartOfDomain FROM Win32_ComputerSystem";
/** Who has logged on interactively: at the console, remotely, or with a remembered password. */
export const SESSIONS_QUERY =
  "SELECT LogonId,LogonType FROM Win32_LogonSession WHERE LogonType=2 OR LogonType=10 OR LogonType=11";
export const LOGONS_QUERY = "SELECT Antecedent,Dependent FROM Win32_LoggedOnUser";

/** Domains of accounts that Windows itself logs on interactively, one for each screen. */
const OF_WINDOWS = new Set(["window manager", "font driver host", "nt authority", "nt service"]);
const NAME_LENGTH_MAX = 256;

export type ConsoleReading =
  | { readonly kind: "seated"; readonly user: SeatedUser; readonly computer: AnsweringComputer }
  | { readonly kind: "empty"; readonly because: EmptySeat; readonly computer: AnsweringComputer }
  /** Nobody sits at the console; somebody may be there over the network. */
  | { readonly kind: "ask-sessions"; readonly computer: AnsweringComputer }
  | { readonly kind: "unreadable" };

/**
 * Reads who sits at a computer from the one row of `COMPUTER_QUERY`.
 * Source: Win32_ComputerSystem (documented): `UserName` is `DOMAIN\user`, and null while only remote sessions are there.
 */
export function readConsole(rows: readonly ProbeRow[]): ConsoleReading {
  const [row] = rows;
  const name = row?.get("Name")?.trim() ?? "";
  if (row === undefined || name === "" || name.length > NAME_LENGTH_MAX) return { kind: "unreadable" };
  const domain = row.get("Domain")?.trim() ?? "";
  const isMember = /^true$/i.test(row.get("PartOfDomain") ?? "");
  const computer: AnsweringComputer = {
    name,
    domain: isMember && domain !== "" && domain.length < NAME_LENGTH_MAX ? domain.toLowerCase() : null,
  };
  const seated = row.get("UserName")?.trim() ?? "";
  if (seated === "") return { kind: "ask-sessions", computer };
  const user = partedUser(seated);
  if (user === null) return { kind: "unreadable" };
  if (isLocal(user, computer)) return { kind: "empty", because: "local-account", computer };
  return { kind: "seated", user, computer };
}

/**
 * Reads who is logged on without sitting at the console. More than one: nobody is named.
 * Source: Win32_LoggedOnUser and Win32_LogonSession (documented); that sessions of people who left may still be listed is
 *         seen in the field, and why one of several is never picked.
 */
export function readSessions(
  sessions: readonly ProbeRow[],
  logons: readonly ProbeRow[],
  computer: AnsweringComputer,
): Extract<ConsoleReading, { kind: "seated" | "empty" }> {
  const interactive = new Set(sessions.flatMap((row) => row.get("LogonId") ?? []));
  const people = new Map<string, SeatedUser>();
  let isLocalThere = false;
  for (const row of logons) {
    const session = keyIn(row.get("Dependent"), "LogonId");
    if (session === null || !interactive.has(session)) continue;
    const name = keyIn(row.get("Antecedent"), "Name");
    const domain = keyIn(row.get("Antecedent"), "Domain");
    if (name === null || domain === null || OF_WINDOWS.has(domain.toLowerCase())) continue;
    if (name.length > NAME_LENGTH_MAX || domain.length >= NAME_LENGTH_MAX || name === "") continue;
    const user = { domain, name };
    if (isLocal(user, computer)) isLocalThere = true;
    else people.set(`${domain}\\${name}`.toLowerCase(), user);
  }
  const [only, ...others] = people.values();
  if (only === undefined)
    return { kind: "empty", because: isLocalThere ? "local-account" : "nobody", computer };
  if (others.length > 0 || isLocalThere) return { kind: "empty", because: "several", computer };
  return { kind: "seated", user: only, computer };
}

function partedUser(text: string): SeatedUser | null {
  const slash = text.indexOf("\\");
  const user = { domain: text.slice(0, slash), name: text.slice(slash + 1) };
  const fits =
    slash > 0 && user.name !== "" && user.name.length <= NAME_LENGTH_MAX && slash < NAME_LENGTH_MAX;
  return fits ? user : null;
}

/** An account of the computer itself: it is nobody of a domain, and may be called like somebody of one. */
function isLocal(user: SeatedUser, computer: AnsweringComputer): boolean {
  return user.domain.toLowerCase() === computer.name.toLowerCase() || user.domain === ".";
}

/** A key in the path of an object: `\\PC-1\root\cimv2:Win32_Account.Domain="CORP",Name="ana"`. */
function keyIn(path: string | null | undefined, key: string): string | null {
  if (path === null || path === undefined || path.length > 2000) return null;
  const begin = new RegExp(`[.,]${key}="`).exec(path);
  if (begin === null) return null;
  let value = "";
  for (let at = begin.index + begin[0].length; at < path.length; at++) {
    const character = path[at];
    if (character === '"') return value;
    if (character === "\\") at += 1;
    value += path[at] ?? "";
  }
  return null;
}
