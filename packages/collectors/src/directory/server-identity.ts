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
  /** The global catalogue answers: every domain of the forest. */
  readonly isGlobalCatalogue: boolean;
  /** Where groups are read: the domain; "" for the whole forest. */
  readonly namingContext: string;
  /** The server's own domain. */
  readonly defaultContext: string;
  /** Where people are read, as the server writes it. */
  readonly baseDn: string;
  readonly domain: string;
  readonly netbiosDomain: string | null;
  /** NetBIOS names of the forest's domains, by DNS name. */
  readonly netbiosNames: ReadonlyMap<string, string>;
  readonly highestUsn: number;
}

/** Source: MS-ADTS 3.1.1.3.1.11, ports of the global catalogue (documented). */
const GLOBAL_CATALOGUE_PORTS: readonly number[] = [3268, 3269];

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
  const isGlobalCatalogue = GLOBAL_CATALOGUE_PORTS.includes(config.port);
  const domain = config.domain?.toLowerCase() ?? domainOfDn(namingContext);
  if (domain === null) {
    throw new DirectoryFault(
      "server-fault",
      `${namingContext} names no domain`,
      "enter the domain's DNS name",
    );
  }
  const netbiosNames = await readNetbiosNames(session, configuration);
  const readFrom = isGlobalCatalogue ? "" : namingContext;
  return {
    invocationId: (invocation === null ? null : guidFromBytes(invocation)) ?? dsServiceName,
    dsServiceName,
    host: root?.text("dnsHostName") ?? null,
    isGlobalCatalogue,
    namingContext: readFrom,
    defaultContext: namingContext,
    baseDn: config.baseDn === undefined ? readFrom : await spellingOf(session, config.baseDn),
    domain,
    netbiosDomain: config.netbiosDomain ?? netbiosNames.get(domainOfDn(namingContext) ?? "") ?? null,
    netbiosNames,
    highestUsn,
  };
}

/** A DN as the server writes it; as it was given where it cannot be seen: reading below it then says what is wrong. */
async function spellingOf(session: LdapSession, dn: string): Promise<string> {
  return (await session.entry(dn, ["objectGUID"]))?.dn ?? dn;
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

async function readNetbiosNames(
  session: LdapSession,
  configuration: string,
): Promise<ReadonlyMap<string, string>> {
  const request = {
    base: `CN=Partitions,${configuration}`,
    scope: "one" as const,
    filter: "(&(objectClass=crossRef)(nETBIOSName=*))",
    attributes: ["nETBIOSName", "nCName"],
  };
  const names = new Map<string, string>();
  for await (const page of session.pages(request, 100, AbortSignal.timeout(60_000))) {
    for (const entry of page) {
      const domain = domainOfDn(entry.text("nCName") ?? "");
      const name = entry.text("nETBIOSName");
      if (domain !== null && name !== null) names.set(domain, name);
    }
  }
  return names;
}
