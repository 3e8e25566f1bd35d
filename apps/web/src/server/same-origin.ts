/**
 * Whether a request that changes something comes from our own pages: its Origin is the portal's, or, where a browser
 * sends none, Sec-Fetch-Site says so. Source: OWASP, cross-site request forgery, verifying origin (documented).
 */
export function isSameOrigin(request: Request, portalUrl: string): boolean {
  const origin = request.headers.get("origin");
  if (origin !== null) return origin === new URL(portalUrl).origin;
  return request.headers.get("sec-fetch-site") === "same-origin";
}
