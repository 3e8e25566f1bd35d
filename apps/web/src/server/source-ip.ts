/**
 * Where a request comes from, as far as it can be believed: behind our own proxy the last address it added, else what
 * the server itself saw and wrote there. Anything longer than an address is nothing.
 */
export function sourceIpOf(forwardedFor: string | null, isBehindProxy: boolean): string | null {
  const hops = (forwardedFor ?? "").split(",").map((hop) => hop.trim());
  const hop = isBehindProxy || hops.length === 1 ? hops.at(-1) : null;
  return hop && hop.length <= 45 && /^[0-9a-fA-F.:]+$/.test(hop) ? hop.replace(/^::ffff:/, "") : null;
}
