"use client";

import { Button } from "@rollcall/ui/button";
import { CheckList } from "@rollcall/ui/check-list";
import { Notice } from "@rollcall/ui/notice";
import { refusalOf } from "~/trpc/refusal.ts";
import { checkOf, Progress, Verdict } from "./test-run.tsx";
import { useCommand } from "./use-command.ts";

/** Has an agent examine its own machine and every source, as `rollcall-agent doctor` does there. */
export function DoctorRun({ agentId }: { agentId: string }) {
  const command = useCommand();
  const { start, view } = command;
  const sections = view?.result?.kind === "doctor" ? view.result.sections : [];
  return (
    <div className="flex flex-col gap-4" data-testid="doctor-run">
      <div className="flex flex-wrap items-center gap-3">
        <Button busy={command.isRunning} onClick={() => start({ kind: "doctor" }, agentId)}>
          {view === undefined ? "Examine everything" : "Examine again"}
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
        <Notice tone="bad" title="Not examined">
          {refusalOf(command.error).message}
        </Notice>
      )}
      {sections.map(({ kind, id, name, checks }) => (
        <section key={`${kind} ${id}`} aria-label={name}>
          <h3 className="text-sm font-semibold">{name}</h3>
          <CheckList label={`Checks of ${name}`} checks={checks.map(checkOf)} />
        </section>
      ))}
    </div>
  );
}
