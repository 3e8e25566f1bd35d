export type SignInRefusal =
  | { readonly kind: "no-answer" }
  | { readonly kind: "refused"; readonly code: string; readonly status: number };

/** What the person at the door is told. It never says which of the two was wrong. */
export function refusalText(refusal: SignInRefusal): string {
  if (refusal.kind === "no-answer") {
    return "The portal did not answer. Your firewalls keep being answered; try again in a moment.";
  }
  const wait = /^wait-(\d+)$/.exec(refusal.code);
  if (wait !== null || refusal.status === 429) {
    const seconds = wait?.[1];
    return seconds === undefined
      ? "Too many tries. Wait a minute, then try again."
      : `Too many tries. Wait ${seconds} s, then try again.`;
  }
  if (refusal.code === "sign-in-unavailable" || refusal.status >= 500) {
    return "The portal could not check the password. Your firewalls keep being answered; try again in a moment.";
  }
  return "This e-mail and password do not belong together. Check both, then try again.";
}

/**
 * Where to go after signing in: a path of this portal, never another site.
 * Shape: anything that is not a plain absolute path gives the landing page.
 */
export function safeReturnTo(value: string | undefined): string {
  if (value === undefined || !value.startsWith("/")) return "/fleet/customers";
  let target: URL;
  try {
    target = new URL(value, "http://portal.invalid");
  } catch {
    return "/fleet/customers";
  }
  if (
    target.origin !== "http://portal.invalid" ||
    target.pathname.startsWith("/sign-in") ||
    target.pathname.startsWith("/api/")
  ) {
    return "/fleet/customers";
  }
  return `${target.pathname}${target.search}`;
}
