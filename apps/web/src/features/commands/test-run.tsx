"use client";

import { Button } from "@rollcall/ui/button";
import { type Check, CheckList } from "@rollcall/ui/check-list";
import { Notice } from "@rollcall/ui/notice";
import { StateGlyph } from "@rollcall/ui/state";
import { RunningClock } from "@rollcall/ui/time";
import { useEffect } from "react";
import type { Inputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { type CommandView, useCommand } from "./use-command.ts";

type SourceKind = Extract<Inputs["commands"]["start"]["command"], { kind: "test-source" }>["sourceKind"];

type Checked = Extract<NonNullable<CommandView["result"]>, { kind: "test-source" }>["checks"][number];

/** Has the site's agent test a source, check by check, and says how to mend the first that fails. */
export function TestRun({
  source,
  auto = false,
  label = "Test",
  onResult,
}: {
  source: { readonly kind: SourceKind; readonly id: string };
  /** Begin at once, without a press. */
  auto?: boolean;
  label?: string;
  onResult?: (ok: boolean) => void;
}) {
  const command = useCommand();
  const { start, view } = command;
  const run = () => start({ kind: "test-source", sourceKind: source.kind, sourceId: source.id });
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins once for each source, not again for each render
  useEffect(() => {
    if (auto) run();
  }, [source.id]);
  const result = view?.result?.kind === "test-source" ? view.result : null;
  const outcome = result?.ok;
  // biome-ignore lint/correctness/useExhaustiveDependencies: says each outcome once
  useEffect(() => {
    if (outcome !== undefined) onResult?.(outcome);
  }, [outcome]);

  return (
    <div
      className="flex flex-col gap-3"
      data-testid="test-run"
      data-outcome={outcome === undefined ? "open" : outcome ? "ok" : "failed"}
    >
      <div className="flex flex-wrap items-center gap-3">
        <Button busy={command.isRunning} onClick={run}>
          {view === undefined ? label : "Test again"}
        </Button>
        <span className="text-sm text-ink-2" role="status">
          {command.isRunning ? (
            <Progress view={view} agentName={command.agentName} startedAt={command.startedAt} />
          ) : (
            <Verdict view={view} />
          )}
        </span>
      </div>
      {command.error === null || command.error === undefined ? null : (
        <Notice tone="bad" title="Not tested">
          {refusalOf(command.error).message}
        </Notice>
      )}
      {result === null ? null : <CheckList label="Checks of the test" checks={result.checks.map(checkOf)} />}
    </div>
  );
}

/** A check as it is shown: one that is well and has a remedy is advice. */
export function checkOf({ name, ok, detail, remedy }: Checked): Check {
  return { name, state: ok ? (remedy === undefined ? "ok" : "warn") : "bad", detail, remedy };
}

export function Progress({
  view,
  agentName,
  startedAt,
}: {
  view: CommandView | undefined;
  agentName: string | undefined;
  startedAt: number | undefined;
}) {
  const who = agentName ?? view?.agent.name ?? "the agent";
  const what =
    view === undefined || view.state === "queued"
      ? `Waiting for ${who} to fetch the question`
      : (view.progress ?? `${who} is testing`);
  return (
    <span className="inline-flex items-center gap-2">
      <StateGlyph state="busy" />
      {what}
      {startedAt === undefined ? null : <RunningClock since={startedAt} />}
    </span>
  );
}

export function Verdict({ view }: { view: CommandView | undefined }) {
  if (view === undefined) return null;
  switch (view.state) {
    case "done": {
      const ok = (view.result?.kind === "test-source" || view.result?.kind === "doctor") && view.result.ok;
      return (
        <span
          className={`inline-flex items-center gap-2 font-semibold ${ok ? "text-ok-ink" : "text-bad-ink"}`}
        >
          <StateGlyph state={ok ? "ok" : "bad"} />
          {ok ? `All checks passed at ${view.agent.name}` : `A check failed at ${view.agent.name}`}
        </span>
      );
    }
    case "expired":
      return (
        <span className="text-bad-ink">
          {view.agent.name} did not fetch the question in time. Is it running?
        </span>
      );
    case "failed":
    case "refused":
      return <span className="text-bad-ink">{view.message ?? "The agent gave no answer."}</span>;
    default:
      return null;
  }
}
