"use client";

import { useEffect, useState } from "react";
import { type CommandView, isFinal, useCommand } from "~/features/commands/use-command.ts";

export type TailLine = CommandView["lines"][number];

const MAX_KEPT = 20_000;
/** Agents hand a tail's lines over at its end: short tails, one after the other, are nearly live. */
const SECONDS = 10;

/**
 * The lines a source receives, as its agent sees them. A tail is a question with an end; while following, the next one is
 * asked when one ends.
 *
 * Shape: oldest first, at most 20,000; `dropped` counts what was let go.
 */
export function useTail(sourceId: string) {
  const command = useCommand();
  const [following, setFollowing] = useState(false);
  const [kept, setKept] = useState<{
    readonly lines: readonly TailLine[];
    readonly seen: number;
    readonly dropped: number;
  }>({ lines: [], seen: 0, dropped: 0 });
  const { view, isRunning, error } = command;
  const [commandId, setCommandId] = useState<string | undefined>(undefined);

  // What one command has given only grows: take over what came since the last look.
  if (view !== undefined && view.id !== commandId) {
    setCommandId(view.id);
    setKept((before) => take({ ...before, seen: 0 }, view));
  } else if (view !== undefined && view.lines.length > kept.seen) {
    setKept((before) => take(before, view));
  }

  const ask = () =>
    command.start({ kind: "tail", sourceId, lines: 200, seconds: SECONDS, unmatchedOnly: false });
  const finished = view !== undefined && isFinal(view.state);
  // biome-ignore lint/correctness/useExhaustiveDependencies: one question follows another, once for each that ended
  useEffect(() => {
    if (!finished || !following) return;
    // Nobody looks at a hidden tab: no further question for it.
    if (view.state === "done" && !document.hidden) ask();
    else setFollowing(false);
  }, [finished, view?.id]);

  return {
    lines: kept.lines,
    dropped: kept.dropped,
    following: following && !command.error,
    isRunning,
    error,
    message:
      view !== undefined && (view.state === "failed" || view.state === "refused" || view.state === "expired")
        ? (view.message ?? "The agent did not answer in time.")
        : undefined,
    agentName: command.agentName,
    follow: () => {
      setFollowing(true);
      if (!isRunning) ask();
    },
    stop: () => setFollowing(false),
    clear: () => setKept({ lines: [], seen: kept.seen, dropped: 0 }),
  };
}

function take(
  before: { readonly lines: readonly TailLine[]; readonly seen: number; readonly dropped: number },
  view: CommandView,
) {
  const lines = [...before.lines, ...view.lines.slice(before.seen)];
  const over = Math.max(0, lines.length - MAX_KEPT);
  return { lines: lines.slice(over), seen: view.lines.length, dropped: before.dropped + over };
}
