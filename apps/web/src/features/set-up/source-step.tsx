"use client";

import { Button } from "@rollcall/ui/button";
import type { State } from "@rollcall/ui/state";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { sourceCounts } from "~/features/syslog/source-counters.ts";
import { emptySource, SourceForm, sourceFields } from "~/features/syslog/source-form.tsx";
import { UnknownSenders, useAddSyslogSource } from "~/features/syslog/syslog-sources.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { OutOfTurn } from "./out-of-turn.tsx";
import { LiveSteps, type Step, StepSection } from "./step-section.tsx";

/** Who says who came and went. Senders that already speak are offered to be accepted. */
export function SourceStep({
  number,
  step,
  view,
  sites,
  bases,
  isNext,
}: {
  number: number;
  step: Step;
  view: Outputs["setup"]["get"];
  sites: Outputs["sites"]["list"]["items"];
  bases: Outputs["syslog"]["baseConfigurations"]["items"];
  isNext: boolean;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("source:write");
  const mayRead = useMay("source:read");
  const has = view.has.syslogSources > 0;
  const hasLog = view.has.eventSources > 0;
  const [sender, setSender] = useState("");
  const add = useAddSyslogSource(() => {});
  const list = useQuery(
    trpc.syslog.list.queryOptions(
      { customer: customer.slug },
      { ...LIVE, refetchInterval: 5_000, enabled: mayRead && has },
    ),
  );
  const unknown = useQuery(
    trpc.syslog.unknownSenders.queryOptions(
      { customer: customer.slug },
      { ...LIVE, refetchInterval: 5_000, enabled: mayRead && !has },
    ),
  );
  const source = list.data?.items[0];
  const senders = unknown.data?.items ?? [];
  const logs = useQuery(
    trpc.eventSources.list.queryOptions(
      { customer: customer.slug },
      { ...LIVE, refetchInterval: 5_000, enabled: mayRead && hasLog },
    ),
  );
  const log = logs.data?.items[0];
  const first = source ?? log;
  const state: State =
    first !== undefined
      ? first.health.state
      : has || hasLog
        ? "unknown"
        : step.state === "failed"
          ? "bad"
          : "never";
  const lines = source === undefined ? null : sourceCounts(source.counters).lines;
  return (
    <StepSection
      number={number}
      title="Logon source"
      state={state}
      sentence={
        first !== undefined
          ? first.health.sentence
          : has || hasLog
            ? "A source stands."
            : "A domain controller's event log is read, or a VPN gateway or a RADIUS server sends its log to the agent."
      }
    >
      <LiveSteps label="What the source does" steps={[{ title: "A source answers", step }]} />
      {source !== undefined ? (
        <p className="text-sm">
          <Link
            href={`/c/${customer.slug}/syslog/${source.id}`}
            className="rounded-sm text-accent underline-offset-2 hover:underline"
          >
            {source.name}: rules and lines
          </Link>
          <span className="text-ink-2" data-testid="set-up-lines">
            {lines === null ? "" : ` · ${lines.toLocaleString("en-GB")} ${lines === 1 ? "line" : "lines"}`}
          </span>
        </p>
      ) : log !== undefined ? (
        <p className="text-sm">
          <Link
            href={`/c/${customer.slug}/events?id=${log.id}`}
            className="rounded-sm text-accent underline-offset-2 hover:underline"
          >
            {log.name}: see or change it
          </Link>
        </p>
      ) : !has && !hasLog && mayWrite ? (
        <OutOfTurn isNext={isNext} label="Add a source now">
          <div className="flex flex-col gap-4">
            <p className="text-sm">
              <Link
                href={`/c/${customer.slug}/events`}
                className="rounded-sm text-accent underline-offset-2 hover:underline"
              >
                Read the event log of a domain controller
              </Link>{" "}
              with an account in Event Log Readers, or take a sender of syslog:
            </p>
            {senders.length === 0 ? null : <UnknownSenders rows={senders} onAccept={setSender} />}
            <SourceForm
              key={sender}
              formId="set-up-source"
              isNew
              initial={emptySource(sites[0]?.id ?? "", customer.adDomain, sender)}
              sites={sites}
              bases={bases}
              refusal={add.isError ? refusalOf(add.error) : null}
              onSubmit={(values) =>
                add.mutate({
                  customer: customer.slug,
                  siteId: values.siteId,
                  ...sourceFields(values, bases),
                  baseConfiguration: values.baseConfiguration === "" ? null : values.baseConfiguration,
                })
              }
            />
            <div>
              <Button type="submit" form="set-up-source" variant="accent" busy={add.isPending}>
                Add source
              </Button>
            </div>
          </div>
        </OutOfTurn>
      ) : null}
    </StepSection>
  );
}
