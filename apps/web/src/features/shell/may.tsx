"use client";

import { createContext, type ReactNode, useContext, useMemo } from "react";

const MayContext = createContext<ReadonlySet<string>>(new Set());

/** What the person may do here, so that a page offers nothing that would be refused. The API decides all the same. */
export function MayProvider({ may, children }: { may: readonly string[]; children: ReactNode }) {
  const held = useMemo(() => new Set(may), [may]);
  return <MayContext value={held}>{children}</MayContext>;
}

export function useMay(permission: string): boolean {
  return useContext(MayContext).has(permission);
}

/** All rights here, for a list of things that need different ones. */
export function useRights(): ReadonlySet<string> {
  return useContext(MayContext);
}
