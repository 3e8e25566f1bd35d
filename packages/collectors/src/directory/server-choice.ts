import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { DirectoryConfig } from "./directory-config.ts";
import { DirectoryFault, type DirectoryFaultCode } from "./directory-fault.ts";

/** What DNS says of a service's servers. */
export interface ServiceRecord {
  readonly name: string;
  readonly priority: number;
  readonly weight: number;
}

/** Asks DNS for the servers of a service; empty where there are none. Rejections count as none. */
export type FindServers = (service: string) => Promise<readonly ServiceRecord[]>;

const SERVERS_MAX = 20;
const DNS_TIMEOUT_MS = 2000;
/** Ports of the global catalogue: its servers have a name of their own in DNS. */
const CATALOGUE_PORTS: readonly number[] = [3268, 3269];
/** Faults of one server, behind which another may be well. A refused login is none: it would be refused there too. */
const FAULTS_OF_ONE: readonly DirectoryFaultCode[] = [
  "name-not-known",
  "unreachable",
  "certificate-refused",
  "encryption-failed",
  "encryption-required",
  "kerberos-failed",
  "server-fault",
];

export const findServersByDns: FindServers = (service) =>
  new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 }).resolveSrv(service);

/**
 * The controllers to try, in order: those that DNS names for a domain, else the host itself, then the further ones that
 * were given. One that answered last time comes first.
 *
 * Shape:  at least one, at most 20, each once.
 * Source: MS-ADTS 6.3.2.3, SRV records (documented); RFC 2782, priority and weight (documented).
 */
export async function serversOf(
  config: Pick<DirectoryConfig, "host" | "port" | "servers">,
  options: {
    readonly find: FindServers;
    readonly random: () => number;
    readonly last: string | null;
  },
): Promise<readonly string[]> {
  const { host, port, servers } = config;
  const kind = CATALOGUE_PORTS.includes(port) ? "gc" : "dc";
  const records =
    isIP(host) === 0 ? await options.find(`_ldap._tcp.${kind}._msdcs.${host}`).catch(() => []) : [];
  const found = inOrder(records, options.random);
  const all = [...new Set([...(found.length > 0 ? found : [host]), ...servers])].slice(0, SERVERS_MAX);
  const { last } = options;
  return last !== null && all.includes(last) ? [last, ...all.filter((one) => one !== last)] : all;
}

/** Tries each until one answers; throws the first's fault where none does, and says how many others there were. */
export async function firstThatAnswers<T>(
  servers: readonly string[],
  open: (host: string) => Promise<T>,
): Promise<{ readonly host: string; readonly value: T }> {
  let first: DirectoryFault | null = null;
  for (const host of servers) {
    try {
      return { host, value: await open(host) };
    } catch (error) {
      if (!(error instanceof DirectoryFault) || !FAULTS_OF_ONE.includes(error.code)) throw error;
      first ??= error;
    }
  }
  if (first === null) throw new DirectoryFault("name-not-known", "No controller is named", "name one");
  const others = servers.length - 1;
  if (others === 0) throw first;
  throw new DirectoryFault(
    first.code,
    `${first.message}, and ${others} other controller${others === 1 ? "" : "s"} could not be read either`,
    first.remedy,
    first,
  );
}

/** By priority; among equals by chance, the heavier more often first. */
function inOrder(records: readonly ServiceRecord[], random: () => number): readonly string[] {
  return records
    .map((record) => ({ record, draw: random() ** (1 / Math.max(record.weight, 0.1)) }))
    .sort((a, b) => a.record.priority - b.record.priority || b.draw - a.draw)
    .map(({ record }) => record.name.replace(/\.$/, ""));
}
