import type { CheckResult } from "../collector.ts";
import { generalizedTime } from "../event-log/clock-offset.ts";
import { beginChanges } from "./change-stream.ts";
import type { DirectoryConfig } from "./directory-config.ts";
import { toDirectoryFault } from "./directory-fault.ts";
import { DIRSYNC_OBJECT_SECURITY, ShowDeletedControl } from "./ldap-controls.ts";
import type { LdapSession } from "./ldap-session.ts";
import type { ServerIdentity } from "./server-identity.ts";

/** From here on a difference is said, and from there on mappings suffer. Source: rulings, "Lifetime and clocks". */
const CLOCK_SAID_MS = 5000;
const CLOCK_DEGRADED_MS = 60_000;
/** The time is told in whole seconds. */
const HALF_A_SECOND_MS = 500;

/**
 * What could be better at a directory that can be read.
 *
 * Shape:  one check each, in order. One that is `ok` and has a remedy is advice: the source works without it.
 * Errors: none thrown but the signal's.
 */
export async function adviseOnDirectory(
  session: LdapSession,
  about: { readonly config: DirectoryConfig; readonly server: ServerIdentity; readonly now: () => number },
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const { config, server, now } = about;
  const looks = [
    () => changes(session, server),
    () => deletedObjects(session, server, signal),
    () => clock(session, now),
  ];
  const checks: CheckResult[] = [];
  for (const look of looks) {
    signal.throwIfAborted();
    try {
      checks.push(await look());
    } catch (error) {
      const { message, remedy } = toDirectoryFault(error, config);
      return [...checks, { name: "Connection", ok: false, detail: message, remedy }];
    }
  }
  return checks;
}

async function changes(session: LdapSession, { namingContext }: ServerIdentity): Promise<CheckResult> {
  const name = "Changes";
  const cursor = namingContext === "" ? null : await beginChanges(session, namingContext);
  if (cursor === null)
    return {
      name,
      ok: true,
      detail: "Changes are found by update numbers: this server gives no stream of them",
    };
  const how = "Changes come as a stream (DirSync)";
  if (cursor.flags !== DIRSYNC_OBJECT_SECURITY)
    return { name, ok: true, detail: `${how}, with the right to replicate` };
  return { name, ok: true, detail: `${how}, of what the account may read` };
}

async function deletedObjects(
  session: LdapSession,
  { defaultContext }: ServerIdentity,
  signal: AbortSignal,
): Promise<CheckResult> {
  const name = "Deleted objects";
  const container = `CN=Deleted Objects,${defaultContext}`;
  const request = {
    base: container,
    scope: "one" as const,
    filter: "(isDeleted=TRUE)",
    attributes: ["objectGUID"],
    controls: [new ShowDeletedControl()],
  };
  try {
    for await (const page of session.pages(request, 1, signal))
      if (page.length > 0) return { name, ok: true, detail: "Deleted objects can be read" };
  } catch (error) {
    // "No such object": that is how a directory hides the container from those without the right.
    if (signal.aborted || !session.isOpen) throw error;
  }
  return {
    name,
    ok: true,
    detail: "No deleted object can be seen: deletions are found later, by listing everything",
    remedy: `as a domain administrator: dsacls "${container}" /takeOwnership, then dsacls "${container}" /G "DOMAIN\\ACCOUNT:LCRP" with the reading account`,
  };
}

async function clock(session: LdapSession, now: () => number): Promise<CheckResult> {
  const name = "Clock";
  const sentAt = now();
  const root = await session.entry("", ["currentTime"]);
  const told = generalizedTime(root?.text("currentTime") ?? "");
  if (told === null) return { name, ok: true, detail: "The server does not tell its time" };
  const offset = told + HALF_A_SECOND_MS - (sentAt + now()) / 2;
  const apart = Math.abs(offset);
  if (apart < CLOCK_SAID_MS)
    return { name, ok: true, detail: "The server and this machine agree on the time" };
  return {
    name,
    ok: apart < CLOCK_DEGRADED_MS,
    detail: `The server's clock is ${Math.round(apart / 1000)} s ${offset > 0 ? "ahead of" : "behind"} this machine's`,
    remedy: "let both take their time from one source: w32tm /resync there, NTP here",
  };
}
