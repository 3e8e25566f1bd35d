"use client";

import { type ReactNode, Suspense, useEffect, useState } from "react";

const EARLY_AFTER_MS = 4_000;

/**
 * Keeps the code of something that is not seen at first out of the page's first load. It is fetched a few
 * seconds later, or at once when it is wanted; from then on it stays, so that it can close as gently as it opened.
 */
export function OnDemand({
  wanted,
  load,
  children,
}: {
  wanted: boolean;
  load: () => Promise<unknown>;
  children: ReactNode;
}) {
  const [wasWanted, setWasWanted] = useState(wanted);
  if (wanted && !wasWanted) setWasWanted(true);
  useEffect(() => {
    // Well after the page's own code: what may be wanted must not hold up what is.
    const timer = setTimeout(() => {
      // A failed early fetch says nothing: when it is wanted, it is asked for again.
      void load().catch(() => undefined);
    }, EARLY_AFTER_MS);
    return () => clearTimeout(timer);
  }, [load]);
  return wasWanted ? <Suspense>{children}</Suspense> : null;
}
