import { Resolver } from "node:dns/promises";
import type { IpAddress } from "@rollcall/identity-core";
import { parseIp } from "@rollcall/identity-core";

/** The two questions that are asked of DNS. */
export interface NameService {
  reverse(ip: string): Promise<readonly string[]>;
  addressesOf(name: string): Promise<readonly string[]>;
}

const NAMES_MAX = 4;
const NAME_LENGTH_MAX = 253;

/**
 * The name of the computer at an address, where asking both ways agrees: the address has that name, and that name has the
 * address. Only then may a login go there, for a ticket names its computer. Null where there is none.
 * Source: semantics 6, "host name verified before credentials leave".
 */
export async function verifiedHostName(ip: IpAddress, names: NameService): Promise<string | null> {
  const found = await names.reverse(ip).catch(() => []);
  for (const written of found.slice(0, NAMES_MAX)) {
    const name = written.replace(/\.$/, "").toLowerCase();
    if (!isHostName(name)) continue;
    const addresses = await names.addressesOf(name).catch(() => []);
    if (addresses.some((address) => parseIp(address) === ip)) return name;
  }
  return null;
}

/** A full name of a host: it becomes part of the name of a service, and nothing else may. */
function isHostName(name: string): boolean {
  return (
    name.length <= NAME_LENGTH_MAX && /^[a-z0-9_]([a-z0-9_-]{0,62}\.)+[a-z0-9][a-z0-9-]{0,62}$/.test(name)
  );
}

/**
 * The name service of this machine. It asks DNS itself: the system's own look-up holds one of four threads for as long as a
 * slow server takes, and files are read by the same threads.
 */
export function systemNames(timeoutMs: number): NameService {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  return {
    reverse: (ip) => resolver.reverse(ip),
    async addressesOf(name) {
      const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
      return found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    },
  };
}
