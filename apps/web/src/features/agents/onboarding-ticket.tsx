"use client";

import { Button } from "@rollcall/ui/button";
import { CodeBlock } from "@rollcall/ui/code-block";
import { KeyValue, Mono } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { Time } from "@rollcall/ui/time";
import type { Outputs } from "~/trpc/outputs.ts";
import { downloadText } from "./download-text.ts";

export type Ticket = Outputs["agents"]["issueOnboarding"];

/** What was made, the one time it is shown: the file, the command that carries it, and what both sides can compare. */
export function OnboardingTicket({ ticket }: { ticket: Ticket }) {
  return (
    <div className="flex flex-col gap-3" data-testid="onboarding-ticket">
      <Notice tone="info" title={`For ${ticket.agentName}, once`}>
        File and command hold the same one-time right to enrol. They are shown here once and end{" "}
        <Time at={ticket.notAfter} />.
      </Notice>
      <div className="flex flex-wrap items-center gap-3">
        <Button variant="primary" onClick={() => downloadText(ticket.fileName, ticket.fileText)}>
          Download onboarding file
        </Button>
        <span className="text-sm text-ink-2">
          <Mono>{ticket.fileName}</Mono>
        </span>
      </div>
      <CodeBlock
        title="Or one command on the server"
        label="Enrolment command"
        unit={["command", "commands"]}
        lines={[{ text: ticket.command }]}
        testId="enrol-command"
        footer={
          <span className="text-ink-2">
            Then <Mono>rollcall-agent run</Mono>, or the service that the package installed.
          </span>
        }
      />
      <KeyValue
        rows={[
          { key: "File key", value: <Mono>{ticket.fileKeyFingerprint}</Mono> },
          { key: "Gateway CA", value: <Mono>{ticket.caSha256}</Mono> },
        ]}
      />
      <p className="text-xs text-ink-2">
        The agent prints both before it trusts them: they must be the same on both sides.
      </p>
    </div>
  );
}
