"use client";

import { useState } from "react";

/** The thing whose form is open, also once somebody removed it: what was typed must not vanish with it. */
export function useKept<T extends { readonly id: string }>(
  found: T | null,
  { id, isEditing }: { readonly id: string | null; readonly isEditing: boolean },
): T | null {
  const [kept, setKept] = useState(found);
  if (found !== null && found !== kept) setKept(found);
  return found ?? (isEditing && kept?.id === id ? kept : null);
}
