"use client";

import { Button } from "@rollcall/ui/button";
import { Notice } from "@rollcall/ui/notice";
import { type CommandView, useCommand } from "~/features/commands/use-command.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { ExplainedLineList } from "./explained-line-list.tsx";
import type { ExplainedLine } from "./explained-words.ts";

/** What the site's agent itself would answer now, with what it kept back at receipt: the two should agree. */
export function AskAgent({ ip, addressSpaceId }: { ip: string; addressSpaceId: string }) {
  const command = useCommand();
  const { view } = command;
  const result = view?.result?.kind === "look-up-address" ? view.result : null;
  return (
    <section aria-label="The agent's own answer" className="flex flex-col gap-2 border-t border-line pt-4">
      <div className="flex flex-wrap items-center gap-3">
        <Button
          busy={command.isRunning}
          onClick={() => command.start({ kind: "look-up-address", addressSpaceId, ip })}
        >
          Ask the agent
        </Button>
        <span className="text-sm text-ink-2" role="status">
          {command.isRunning
            ? `Waiting for ${command.agentName ?? "the agent"}…`
            : result !== null
              ? `${view?.agent.name ?? "The agent"} ${result.entry === null ? "knows nobody there" : "answered"}`
              : view?.message !== null && view?.message !== undefined
                ? view.message
                : "What it would tell a firewall on site right now."}
        </span>
      </div>
      {command.error === null || command.error === undefined ? null : (
        <Notice tone="bad" title="Not asked">
          {refusalOf(command.error).message}
        </Notice>
      )}
      {result === null ? null : result.explanationLines !== undefined ? (
        <div className="text-sm text-ink-2" data-testid="agent-lines">
          <ExplainedLineList
            label="What the agent says became of it"
            lines={result.explanationLines.map(lineOf)}
          />
        </div>
      ) : result.explanation.length === 0 ? null : (
        <ol className="list-decimal pl-5 text-sm text-ink-2">
          {result.explanation.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the order is the meaning
            <li key={index}>{line}</li>
          ))}
        </ol>
      )}
    </section>
  );
}

type AgentLine = NonNullable<
  Extract<NonNullable<CommandView["result"]>, { kind: "look-up-address" }>["explanationLines"]
>[number];

/** An agent counts in epoch ms and knows sources by their ids: the cloud's lines beside it have their names. */
function lineOf({ at, sourceId: _, ...line }: AgentLine): ExplainedLine {
  return { ...line, at: at === null ? null : new Date(at), source: null };
}
