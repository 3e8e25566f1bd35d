import { parseIp } from "@rollcall/identity-core/ip-address";
import { createIpSet, type IpSet } from "@rollcall/identity-core/ip-range";
import type { ServedPoint } from "./served-point.ts";

const setOf = new WeakMap<readonly string[], IpSet>();
/** The address that each point was let in from last: it asks from there again, thousands of times. */
const letInFrom = new WeakMap<ServedPoint, string>();

/** The other side's address in its one spelling: `::ffff:10.0.0.1` is `10.0.0.1`. Text that is no address stays as it is. */
export function canonicalAddress(remoteAddress: string | undefined): string {
  const text = remoteAddress ?? "";
  return parseIp(text) ?? text;
}

/** Says whether a point may ask from that address. A list that holds nothing readable lets nobody in. */
export function mayAskFrom(point: ServedPoint, sourceIp: string): boolean {
  if (point.sourceAddresses.length === 0 || letInFrom.get(point) === sourceIp) return true;
  const ip = parseIp(sourceIp);
  if (ip === null) return false;
  let allowed = setOf.get(point.sourceAddresses);
  if (allowed === undefined) {
    allowed = createIpSet(point.sourceAddresses);
    setOf.set(point.sourceAddresses, allowed);
  }
  const isAllowed = allowed.has(ip);
  if (isAllowed) letInFrom.set(point, sourceIp);
  return isAllowed;
}
