import { buttonClass } from "@rollcall/ui/button";
import { EmptyState } from "@rollcall/ui/empty-state";
import { Dash, Figures, PageBody, PageHead, Panel } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import Link from "next/link";
import type { ReactNode } from "react";
import { actionWords } from "~/features/audit/action-words.ts";
import type { Outputs } from "~/trpc/outputs.ts";
import { CustomerChain } from "./customer-chain.tsx";

type Overview = Outputs["customers"]["overview"];

/** One customer today: the chain with its cause, the figures, the last changes. */
export function OverviewView({
  overview,
  stale,
  asOf,
}: {
  overview: Overview;
  stale: ReactNode;
  asOf: ReactNode;
}) {
  const { customer, chain, counts, setup } = overview;
  const isSettingUp = setup.done < setup.of;
  return (
    <>
      <PageHead
        title={customer.name}
        aside={<StateChip state={chain.state} />}
        summary={
          <>
            {chain.sentence} {asOf}
          </>
        }
      />
      <PageBody>
        {stale}
        {isSettingUp ? (
          <Notice
            tone="busy"
            title={`Set-up: ${setup.done} of ${setup.of} steps are done`}
            action={
              <Link href={`/c/${customer.slug}/set-up`} className={buttonClass({ variant: "accent" })}>
                Go on with the set-up
              </Link>
            }
          >
            The page follows by itself what agent and firewall do.
          </Notice>
        ) : null}
        <CustomerChain chain={chain} slug={customer.slug} />
        <Figures
          items={[
            { name: "People known now", value: figure(counts.people), testId: "people-now" },
            { name: "Devices known now", value: figure(counts.devices) },
            {
              name: "Unnamed addresses",
              value: figure(counts.unknownAddresses),
              detail: "known before, not now",
            },
            { name: "Agents", value: figure(counts.agents) },
            {
              name: "Sources",
              value: figure(counts.directories + counts.syslogSources),
              detail: `${counts.directories} ${counts.directories === 1 ? "directory" : "directories"}, ${counts.syslogSources} syslog`,
            },
            { name: "Firewalls", value: figure(counts.enforcementPoints) },
            { name: "Last word of an agent", value: <TimeAgo at={overview.lastWordAt} /> },
          ]}
        />
        {overview.may.includes("audit:read") ? (
          <Panel
            title="Last changes"
            flush
            tools={
              <Link
                href={`/c/${customer.slug}/audit`}
                className={buttonClass({ variant: "quiet", size: "inline" })}
              >
                All of the audit log
              </Link>
            }
          >
            {overview.recentChanges.length === 0 ? (
              <p className="px-4 py-3 text-sm text-ink-2">Nothing has been changed yet.</p>
            ) : (
              <Table
                caption="Last changes, newest first"
                inset
                rows={overview.recentChanges}
                rowKey={(row) => `${row.at.getTime()} ${row.action} ${row.object}`}
                columns={[
                  { key: "at", header: "When", width: "11rem", cell: (row) => <TimeAgo at={row.at} /> },
                  { key: "actor", header: "Who", width: "14rem", cell: (row) => row.actor },
                  {
                    key: "what",
                    header: "What",
                    phone: "lead",
                    cell: (row) => <span>{actionWords(row.action)}</span>,
                  },
                  {
                    key: "object",
                    header: "Object",
                    phone: "line",
                    phoneLabel: "",
                    cell: (row) => (row.object === "" ? <Dash /> : row.object),
                  },
                ]}
              />
            )}
          </Panel>
        ) : null}
      </PageBody>
    </>
  );
}

function figure(n: number): string {
  return n.toLocaleString("en-GB");
}

/** A customer that has nothing yet is led to its set-up. */
export function NothingYet({ slug, what, children }: { slug: string; what: string; children: ReactNode }) {
  return (
    <EmptyState
      title={what}
      action={
        <Link href={`/c/${slug}/set-up`} className={buttonClass({ variant: "accent" })}>
          Go to set-up
        </Link>
      }
    >
      {children}
    </EmptyState>
  );
}
