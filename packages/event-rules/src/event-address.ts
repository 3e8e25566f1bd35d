import { type IpAddress, isNeverASession, parseIp } from "@rollcall/identity-core";

export type EventAddress =
  | { readonly kind: "address"; readonly ip: IpAddress }
  | { readonly kind: "none"; readonly reason: "no-address" | "address-not-readable" | "nobodys-address" };

/**
 * Reads an address as events write it: `::ffff:10.1.2.3`, `10.1.2.3`, `fe80::1%12`, `-`, empty.
 *
 * Shape:  `nobodys-address` is loopback, link-local, unspecified, multicast: it says nothing to a firewall.
 * Source: windows-events 5, "Normalising" (captured).
 */
export function readEventAddress(text: string | null): EventAddress {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "" || trimmed === "-") return { kind: "none", reason: "no-address" };
  const zone = trimmed.indexOf("%");
  const ip = parseIp(zone < 0 ? trimmed : trimmed.slice(0, zone));
  if (ip === null) return { kind: "none", reason: "address-not-readable" };
  if (isNeverASession(ip)) return { kind: "none", reason: "nobodys-address" };
  return { kind: "address", ip };
}

/** A computer's name as events write it (padded, `\\NAME`, `NAME$`), without that. Empty where there is none. */
export function bareComputerName(text: string | null): string {
  const trimmed = (text ?? "").trim().replace(/^\\+/, "").replace(/\$$/, "").trim();
  return trimmed === "-" ? "" : trimmed;
}
