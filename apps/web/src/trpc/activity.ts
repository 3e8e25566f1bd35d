/** Within this time after a key or a pointer the person counts as active. */
const ACTIVE_MS = 60_000;

let lastInputAt = Number.NEGATIVE_INFINITY;

if (typeof window !== "undefined") {
  const note = () => {
    lastInputAt = performance.now();
  };
  for (const name of ["keydown", "pointerdown", "wheel"] as const)
    window.addEventListener(name, note, { capture: true, passive: true });
}

/**
 * Tells the portal apart what a person asks and what the page asks by itself: only the first keeps a sign-in alive.
 * The second header makes every request one that another site's form cannot send.
 */
export function requestHeaders(): Record<string, string> {
  const isActive = performance.now() - lastInputAt < ACTIVE_MS;
  return { "x-rollcall-request": "portal", ...(isActive ? { "x-rollcall-active": "1" } : {}) };
}
