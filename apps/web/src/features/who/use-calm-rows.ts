"use client";

import { useEffect, useState } from "react";

/**
 * Keeps rows still while somebody reads further down: new ones wait behind a bar instead of moving the list.
 *
 * Shape: `rows` is what to draw; `waiting` says that something newer is there; `show` takes it over.
 */
export function useCalmRows<T>(rows: T): { rows: T; isPaused: boolean; waiting: boolean; show: () => void } {
  const isPaused = useScrolledDown();
  const [frozen, setFrozen] = useState<T | null>(null);
  if (isPaused && frozen === null) setFrozen(rows);
  if (!isPaused && frozen !== null) setFrozen(null);
  const drawn = frozen ?? rows;
  return { rows: drawn, isPaused, waiting: isPaused && drawn !== rows, show: () => setFrozen(rows) };
}

const FAR_PX = 160;

function useScrolledDown(): boolean {
  const [isDown, setIsDown] = useState(false);
  useEffect(() => {
    const look = () => setIsDown(window.scrollY > FAR_PX);
    look();
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, []);
  return isDown;
}
