"use client";

import { useEffect, useState } from "react";

/**
 * Whether this tab is the one that holds the connection for all tabs of this browser: HTTP/1.1 allows six, and every
 * tab with a connection of its own would soon leave none for questions.
 *
 * Shape: exactly one tab holds the lock; when it closes, another gets it. Without the Web Locks API (plain http on a
 *        network address) each tab leads itself.
 */
export function useLeader(name: string): boolean {
  const [leads, setLeads] = useState(false);
  useEffect(() => {
    const locks = "locks" in navigator ? navigator.locks : undefined;
    if (locks === undefined) {
      setLeads(true);
      return;
    }
    const stop = new AbortController();
    let release: () => void = () => {};
    locks
      .request(name, { signal: stop.signal }, () => {
        setLeads(true);
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    return () => {
      setLeads(false);
      stop.abort();
      release();
    };
  }, [name]);
  return leads;
}
