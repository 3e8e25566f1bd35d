/** The browser's cookie. Over https its name binds it to this very host and to TLS (`__Host-`). */
export function signInCookie(portalUrl: string) {
  const isSecure = new URL(portalUrl).protocol === "https:";
  return {
    name: `${isSecure ? "__Host-" : ""}rollcall.session-token`,
    options: { httpOnly: true, sameSite: "lax", path: "/", secure: isSecure },
  } as const;
}

/** The sign-in token in a Cookie header; null where there is none. A name that stands twice counts as none. */
export function tokenIn(cookieHeader: string | null | undefined, cookieName: string): string | null {
  const values = (cookieHeader ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${cookieName}=`))
    .map((pair) => pair.slice(cookieName.length + 1));
  return values.length === 1 ? (values[0] ?? null) : null;
}
