import { guidFromBytes } from "@rollcall/directory-graph";
import type { DirectoryConfig } from "./directory-config.ts";
import { DirectoryFault } from "./directory-fault.ts";
import { domainOfDn } from "./extended-dn.ts";
import type { LdapSession } from "./ldap-session.ts";

/** Which controller answers, and what it serves. */
export interface ServerIdentity {
  /** Changes when another controller answers, or this one was restored: update numbers then mean nothing. */
  readonly invocationId: string;
  readonly dsServiceName: string;
  readonly host: string | null;
  readonly namingContext: string;
  readonly baseDn: string;
  readonly domain: string;
  readonly netbiosDomain: string | null;
  readonly highestUsn: number;
}

const ROOT_ATTRIBUTES = [
  "defaultNamingContext",
  "configurationNamingContext",
  "dsServiceName",
  "dnsHostName",
  "highestCommittedUSN",
];

/**
 * Asks a server who it is.
 * Errors: `server-fault` when it is not an Active Directory.
 * Source: MS-ADTS 3.1.1.3.2, rootDSE (documented); crossRef objects in CN=Partitions (documented).
 */
export async function readServerIdentity(
  session: LdapSession,
  config: DirectoryConfig,
): Promise<ServerIdentity> {
  const root = await session.entry("", ROOT_ATTRIBUTES);
  const namingContext = root?.text("defaultNamingContext") ?? null;
  const configuration = root?.text("configurationNamingContext") ?? null;
  const dsServiceName = root?.text("dsServiceName") ?? null;
  const highestUsn = root?.integer("highestCommittedUSN") ?? null;
  if (namingContext === null || configuration === null || dsServiceName === null || highestUsn === null) {
    throw new DirectoryFault(
      "server-fault",
      `${config.host}:${config.port} is not a domain controller of an Active Directory`,
      "enter the name of a domain controller",
    );
  }
  const settings = await session.entry(dsServiceName, ["invocationId"]);
  const invocation = settings?.bytes("invocationId") ?? null;
  const domain = config.domain?.toLowerCase() ?? domainOfDn(namingContext);
  if (domain === null) {
    throw new DirectoryFault(
      "server-fault",
      `${namingContext} names no domain`,
      "enter the domain's DNS name",
    );
  }
  return {
    invocationId: (invocation === null ? null : guidFromBytes(invocation)) ?? dsServiceName,
    dsServiceName,
    host: root?.text("dnsHostName") ?? null,
    namingContext,
    baseDn: config.baseDn ?? namingContext,
    domain,
    netbiosDomain: config.netbiosDomain ?? (await readNetbiosName(session, configuration, namingContext)),
    highestUsn,
  };
}

/** The update number and the controller that answers now; for asking whether anything changed at all. */
export async function readProgress(
  session: LdapSession,
): Promise<{ readonly dsServiceName: string | null; readonly highestUsn: number | null }> {
  const root = await session.entry("", ["dsServiceName", "highestCommittedUSN"]);
  return {
    dsServiceName: root?.text("dsServiceName") ?? null,
    highestUsn: root?.integer("highestCommittedUSN") ?? null,
  };
}

async function readNetbiosName(
  session: LdapSession,
  configuration: string,
  namingContext: string,
): Promise<string | null> {
  const request = {
    base: `CN=Partitions,${configuration}`,
    scope: "one" as const,
    filter: "(&(objectClass=crossRef)(nETBIOSName=*))",
    attributes: ["nETBIOSName", "nCName"],
  };
  const wanted = namingContext.toLowerCase();
  for await (const page of session.pages(request, 100, AbortSignal.timeout(60_000))) {
    for (const entry of page) {
      if (entry.text("nCName")?.toLowerCase() === wanted) return entry.text("nETBIOSName");
    }
  }
  return null;
}
