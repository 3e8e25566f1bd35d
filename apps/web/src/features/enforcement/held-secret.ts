"use client";

import { useSyncExternalStore } from "react";

/**
 * Client secrets that were made in this tab. They are in its memory and nowhere else: not in the address, not in storage,
 * not in a log. Reloading or closing the tab forgets them.
 */
const held = new Map<string, string>();
const listeners = new Set<() => void>();

export function holdSecret(pointId: string, secret: string): void {
  held.set(pointId, secret);
  for (const listener of listeners) listener();
}

export function forgetSecret(pointId: string): void {
  held.delete(pointId);
  for (const listener of listeners) listener();
}

/** The secret of a point, if it was made here and not forgotten since. */
export function useHeldSecret(pointId: string): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => held.get(pointId) ?? null,
    () => null,
  );
}
