"use client";

import { Button } from "@rollcall/ui/button";
import { FormErrors, SelectField } from "@rollcall/ui/field";
import type { State } from "@rollcall/ui/state";
import Link from "next/link";
import { useState } from "react";
import { downloadText } from "~/features/agents/download-text.ts";
import { OnboardingTicket } from "~/features/agents/onboarding-ticket.tsx";
import { useIssueOnboarding } from "~/features/agents/use-issue-onboarding.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { LiveSteps, type Step, StepSection } from "./step-section.tsx";

/** Onboarding file or command, then what the agent itself does with it. */
export function AgentStep({
  number,
  steps,
  view,
  sites,
}: {
  number: number;
  steps: readonly [Step, Step, Step];
  view: Outputs["setup"]["get"];
  sites: Outputs["sites"]["list"]["items"];
}) {
  const customer = useCustomer();
  const mayEnrol = useMay("agent:enrol");
  const [made, read, connected] = steps;
  const [siteId, setSiteId] = useState(sites[0]?.id ?? "");
  const issue = useIssueOnboarding();
  const isDone = connected.state === "done";
  const stuck = steps.find((step) => step.state === "failed");
  const state: State = isDone ? "ok" : stuck !== undefined ? "bad" : made.state === "done" ? "busy" : "never";
  const start = (download: boolean) =>
    issue.mutate(
      { customer: customer.slug, siteId },
      {
        onSuccess: (ticket) => {
          if (download) downloadText(ticket.fileName, ticket.fileText);
        },
      },
    );
  return (
    <StepSection
      number={number}
      title="Agent"
      state={state}
      sentence={
        isDone
          ? connected.sentence
          : (stuck ?? [made, read, connected].find((step) => step.state === "current") ?? connected).sentence
      }
    >
      <LiveSteps
        label="What the agent does"
        steps={[
          { title: "Onboarding file made", step: made },
          { title: "File read on site", step: read },
          { title: "Connected", step: connected },
        ]}
      />
      {isDone ? (
        <p className="text-sm">
          <Link
            href={`/c/${customer.slug}/agents`}
            className="rounded-sm text-accent underline-offset-2 hover:underline"
          >
            {view.has.agents === 1 ? "See the agent" : `See the ${view.has.agents} agents`}
          </Link>
        </p>
      ) : !mayEnrol ? (
        <p className="text-sm text-ink-2">
          Your role does not make onboarding files. Owners, engineers and installers do.
        </p>
      ) : issue.data !== undefined ? (
        <OnboardingTicket ticket={issue.data} />
      ) : (
        <div className="flex flex-col gap-3">
          {issue.isError ? <FormErrors title="Not made" items={[refusalOf(issue.error).message]} /> : null}
          <p className="max-w-[68ch] text-sm text-ink-2">
            The agent runs on one server of the customer, Linux or Windows. The file tells it where to go and
            lets it ask for a certificate, once.
          </p>
          {sites.length > 1 ? (
            <div className="max-w-72">
              <SelectField
                label="Site"
                value={siteId}
                onChange={(event) => setSiteId(event.target.value)}
                options={sites.map((site) => ({ value: site.id, label: site.name }))}
              />
            </div>
          ) : null}
          <div className="flex flex-wrap items-center gap-3">
            <Button
              variant={made.state === "done" ? "secondary" : "accent"}
              busy={issue.isPending}
              onClick={() => start(true)}
            >
              {made.state === "done" ? "Download a new onboarding file" : "Download onboarding file"}
            </Button>
            <Button busy={issue.isPending} onClick={() => start(false)}>
              Show the command
            </Button>
          </div>
          {made.state === "done" ? (
            <p className="text-xs text-ink-2">
              A file was made already and waits to be read. It is not kept here: if it is lost, make a new
              one.
            </p>
          ) : null}
        </div>
      )}
    </StepSection>
  );
}
