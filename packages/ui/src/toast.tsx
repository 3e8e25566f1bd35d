"use client";

import { lazy, type ReactNode, Suspense, useSyncExternalStore } from "react";

const ToastPanel = lazy(() => import("./toast-panel.tsx"));

/** Words that nobody shows yet: the panel is loaded with the first of them. */
let waiting: string[] = [];
let hasSpoken = false;
let show: ((text: string) => void) | undefined;
const watchers = new Set<() => void>();

/** Says what has changed, in one line, for six seconds. What needs an answer is never a toast. */
export function say(text: string): void {
  if (show !== undefined) {
    show(text);
    return;
  }
  waiting.push(text);
  hasSpoken = true;
  for (const watcher of watchers) watcher();
}

/** For the panel: takes over what waits, and everything that is said from then on. Shape: returns how to stop. */
export function listenToWords(listener: (text: string) => void): () => void {
  show = listener;
  const words = waiting;
  waiting = [];
  for (const word of words) listener(word);
  return () => {
    if (show === listener) show = undefined;
  };
}

export function ToastArea({ children }: { children: ReactNode }) {
  const wanted = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => hasSpoken,
    () => false,
  );
  return (
    <>
      {children}
      {wanted ? (
        <Suspense>
          <ToastPanel />
        </Suspense>
      ) : null}
    </>
  );
}
