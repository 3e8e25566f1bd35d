import { type NextRequest, NextResponse } from "next/server";

/**
 * Sends those without a cookie to the door, and gives every page its content security policy with a nonce of its own.
 * It opens nothing: pages and the API look the sign-in up themselves.
 */
export function proxy(request: NextRequest): NextResponse {
  const { pathname, search } = request.nextUrl;
  const hasCookie =
    request.cookies.has("rollcall.session-token") || request.cookies.has("__Host-rollcall.session-token");
  if (!hasCookie && pathname !== "/sign-in") {
    const door = new URL("/sign-in", request.url);
    if (pathname !== "/") door.searchParams.set("from", `${pathname}${search}`);
    return NextResponse.redirect(door);
  }
  const nonce = btoa(crypto.randomUUID());
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    // Style attributes are set by the pop-up positioning of the UI library.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("content-security-policy", policy);
  const answer = NextResponse.next({ request: { headers } });
  answer.headers.set("content-security-policy", policy);
  // Read when the portal runs: the build does not know how browsers will reach it.
  if (process.env.NEXTAUTH_URL?.startsWith("https:"))
    answer.headers.set("strict-transport-security", "max-age=63072000; includeSubDomains");
  return answer;
}

export const config = {
  matcher: [{ source: "/((?!api/|_next/|icon|favicon).*)" }],
};
