import type { ServerIdentity } from "@rollcall/collectors/wef";
import { type FirewallTls, isDueForRenewal, issueOwnTls } from "../firewall/firewall-certificate.ts";
import type { StateFolder } from "../state/state-folder.ts";

/**
 * The certificate that forwarding computers see: the one that the customer's CA signed through the portal where it says the
 * name they use, else one of the agent's own authority.
 *
 * Promises the own authority stays the same over restarts: computers that were given it go on trusting what it signs.
 */
export function wefIdentities(options: {
  readonly folder: StateFolder;
  readonly firewallTls: () => FirewallTls | null;
  readonly now: () => number;
}): (host: string) => Promise<ServerIdentity> {
  let own: FirewallTls | null = null;
  return async (host) => {
    const portals = options.firewallTls();
    if (portals?.origin === "portal" && says(portals, host)) return portals;
    if (own === null || !says(own, host) || isDueForRenewal(own, options.now()))
      own = await issueOwnTls(options.folder, [host], options.now());
    return own;
  };
}

function says({ names }: FirewallTls, host: string): boolean {
  return names.some((name) => name.toLowerCase() === host.toLowerCase());
}
