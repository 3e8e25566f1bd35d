"use client";

import { useRef, useState } from "react";

/**
 * Remembers what had the focus when something was opened, so that the focus goes back there when it closes. The library's
 * own memory begins when its code has been loaded, which is after the press.
 */
export function useOpener(open: boolean): () => HTMLElement | undefined {
  const opener = useRef<HTMLElement | undefined>(undefined);
  const [wasOpen, setWasOpen] = useState(false);
  if (open !== wasOpen) {
    setWasOpen(open);
    if (open && typeof document !== "undefined") {
      const focused = document.activeElement;
      opener.current = focused instanceof HTMLElement && focused !== document.body ? focused : undefined;
    }
  }
  return () => (opener.current?.isConnected === true ? opener.current : undefined);
}
