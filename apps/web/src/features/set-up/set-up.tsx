"use client";

import { buttonClass } from "@rollcall/ui/button";
import { PageHead } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import type { State } from "@rollcall/ui/state";
import { formatAge, formatClock, TimeAgo } from "@rollcall/ui/time";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { personOf } from "~/features/enforcement/point-words.ts";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { AgentStep } from "./agent-step.tsx";
import { DirectoryStep } from "./directory-step.tsx";
import { FirewallStep } from "./firewall-step.tsx";
import { SourceStep } from "./source-step.tsx";
import { LiveSteps, type Step, StepSection } from "./step-section.tsx";

type SetUpView = Outputs["setup"]["get"];

export interface SetUpProps {
  readonly initial: SetUpView;
  readonly sites: Outputs["sites"]["list"]["items"];
  readonly bases: Outputs["syslog"]["baseConfigurations"]["items"];
}

/**
 * From nothing to the first name a firewall was told. Ticks come from what agents and firewalls really did, never from
 * clicks, so the page can be reloaded, left and opened by somebody else at any point.
 */
export function SetUp({ initial, sites, bases }: SetUpProps) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const query = useQuery(
    trpc.setup.get.queryOptions(
      { customer: customer.slug },
      { initialData: initial, refetchInterval: ({ state }) => (state.data?.doneAt == null ? 4_000 : 30_000) },
    ),
  );
  const view = query.data;
  const done = view.steps.filter((step) => step.state === "done").length;
  const step = (key: Step["key"]): Step =>
    view.steps.find((each) => each.key === key) ?? { key, state: "waiting", sentence: "", at: null };

  // One step leads; the others wait closed, and can be opened out of turn.
  const isAgentThere = step("connected").state === "done";
  const next =
    step("first-firewall").state === "done"
      ? "nothing"
      : !isAgentThere
        ? "agent"
        : view.has.directories === 0
          ? "directory"
          : view.has.syslogSources === 0
            ? "source"
            : "firewall";

  return (
    <>
      <PageHead
        eyebrow={customer.name}
        title="Set-up"
        summary={
          <span data-testid="set-up-progress">
            {done} of {view.steps.length} done · begun <TimeAgo at={view.startedAt} />
          </span>
        }
      />
      <div className="flex flex-col gap-3 px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Set-up" />
      </div>
      <ol aria-label="Steps of the set-up" className="border-y border-line">
        <AgentStep
          number={1}
          steps={[step("file-made"), step("file-read"), step("connected")]}
          view={view}
          sites={sites}
        />
        <DirectoryStep
          number={2}
          view={view}
          sites={sites}
          isAgentThere={isAgentThere}
          isNext={next === "directory"}
        />
        <SourceStep
          number={3}
          step={step("source-answering")}
          view={view}
          sites={sites}
          bases={bases}
          isNext={next === "source"}
        />
        <FirewallStep number={4} view={view} isNext={next === "firewall"} />
        <ResultStep number={5} person={step("first-person")} firewall={step("first-firewall")} view={view} />
      </ol>
    </>
  );
}

function ResultStep({
  number,
  person,
  firewall,
  view,
}: {
  number: number;
  person: Step;
  firewall: Step;
  view: SetUpView;
}) {
  const customer = useCustomer();
  const state: State =
    firewall.state === "done"
      ? "ok"
      : firewall.state === "failed" || person.state === "failed"
        ? "bad"
        : person.state === "done"
          ? "busy"
          : "never";
  return (
    <StepSection
      number={number}
      title="First name answered"
      state={state}
      sentence={
        firewall.state === "done" ? "Done." : person.state === "done" ? firewall.sentence : person.sentence
      }
    >
      <LiveSteps
        label="What happens by itself"
        steps={[
          { title: "First person identified", step: person },
          { title: "First firewall answered", step: firewall },
        ]}
      />
      {view.firstTold === null ? null : (
        <div data-testid="first-told">
          <Notice
            tone="ok"
            live
            title={firstToldInWords(view.firstTold)}
            action={
              <Link href={`/c/${customer.slug}`} className={buttonClass({ variant: "accent" })}>
                Go to the overview
              </Link>
            }
          >
            {formatClock(view.firstTold.at.getTime() - view.startedAt.getTime())} after you began.
          </Notice>
        </div>
      )}
      {view.firstTold === null && firewall.state === "done" && firewall.at !== null ? (
        <p className="text-sm text-ink-2">
          {formatAge(firewall.at.getTime() - view.startedAt.getTime())} after you began.
        </p>
      ) : null}
    </StepSection>
  );
}

/** "HQ-FW1 was told: CD\j.illingworth at 10.20.31.77, group Finance" */
function firstToldInWords(told: NonNullable<SetUpView["firstTold"]>): string {
  const groups =
    told.groups.length === 0
      ? ""
      : `, ${told.groups.length === 1 ? "group" : "groups"} ${told.groups.slice(0, 3).join(", ")}`;
  return `${told.firewall} was told: ${personOf(told)} at ${told.ip}${groups}`;
}
