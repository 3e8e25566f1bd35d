const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Whether a request that changes something comes from our own pages: its Origin is the portal's, or, where a browser
 * sends none, Sec-Fetch-Site says so. A portal on this very machine may be called by any of the machine's own names.
 * Source: OWASP, cross-site request forgery, verifying origin (documented).
 */
export function isSameOrigin(request: Request, portalUrl: string): boolean {
  const origin = request.headers.get("origin");
  if (origin !== null) return originsOf(portalUrl).includes(origin);
  return request.headers.get("sec-fetch-site") === "same-origin";
}

function originsOf(portalUrl: string): string[] {
  const { origin, protocol, hostname, port } = new URL(portalUrl);
  if (!LOOPBACK.includes(hostname)) return [origin];
  return LOOPBACK.map((name) => `${protocol}//${name}${port === "" ? "" : `:${port}`}`);
}
