"use client";

import { Button } from "@rollcall/ui/button";
import { ConfirmDialog } from "@rollcall/ui/dialog";
import { EmptyFilter, EmptyState } from "@rollcall/ui/empty-state";
import { PageBody, PageHead, Panel } from "@rollcall/ui/layout";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { parseAsBoolean, useQueryState } from "nuqs";
import { useState } from "react";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useSiteFilter } from "~/features/sites/site-filter.ts";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { AgentTableView } from "./agent-table-view.tsx";
import { type Enrolment, EnrolmentTableView } from "./enrolment-table-view.tsx";
import { OnboardingDrawer } from "./onboarding-drawer.tsx";

/** The agents of a customer, and the onboarding files that wait to become one. */
export function Agents({
  initial,
  initialEnrolments,
  sites,
}: {
  initial: Outputs["agents"]["list"];
  initialEnrolments: Outputs["agents"]["enrolments"];
  sites: Outputs["sites"]["list"]["items"];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayEnrol = useMay("agent:enrol");
  const [onboarding, setOnboarding] = useQueryState("onboard", parseAsBoolean.withDefault(false));
  const [revoking, setRevoking] = useState<Enrolment | null>(null);
  const input = { customer: customer.slug };
  const agents = useQuery(trpc.agents.list.queryOptions(input, { ...LIVE, initialData: initial }));
  const enrolments = useQuery(
    trpc.agents.enrolments.queryOptions(input, { ...LIVE, initialData: initialEnrolments }),
  );
  const site = useSiteFilter(sites);
  const rows = agents.data.items.filter((row) => site.includes(row.site.id));
  const working = agents.data.items.filter((row) => row.state === "active");

  const enrolButton = mayEnrol ? (
    <Button variant="primary" onClick={() => void setOnboarding(true)}>
      Enrol an agent
    </Button>
  ) : undefined;

  return (
    <>
      <PageHead
        title="Agents"
        summary={`${working.filter((row) => row.health.state === "ok").length} of ${working.length} healthy`}
        actions={agents.data.items.length === 0 ? undefined : enrolButton}
      />
      <div className="px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={agents} what="Agents" />
      </div>
      {agents.data.items.length === 0 ? (
        <EmptyState title="No agent yet" action={enrolButton}>
          An agent runs on a server of {customer.name}. It reads the directory and the logs there, answers the
          firewalls on site, and keeps answering when the line to the cloud is down. One onboarding file makes
          one agent.
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyFilter action={<Button onClick={site.clear}>All sites</Button>}>
          No agent at {site.name}.
        </EmptyFilter>
      ) : (
        <AgentTableView rows={rows} slug={customer.slug} />
      )}
      {enrolments.data.items.length === 0 ? null : (
        <div className="pt-6">
          <PageBody>
            <Panel title="Onboarding files" flush>
              <EnrolmentTableView
                rows={enrolments.data.items}
                onRevoke={mayEnrol ? setRevoking : undefined}
              />
            </Panel>
          </PageBody>
        </div>
      )}
      <OnboardingDrawer
        open={onboarding}
        onOpenChange={(open) => void setOnboarding(open ? true : null)}
        sites={sites}
      />
      <RevokeEnrolment enrolment={revoking} onClose={() => setRevoking(null)} />
    </>
  );
}

function RevokeEnrolment({ enrolment, onClose }: { enrolment: Enrolment | null; onClose: () => void }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const revoke = useMutation(
    trpc.agents.revokeEnrolment.mutationOptions({
      onSuccess: async () => {
        say("The onboarding file no longer enrols anybody.");
        onClose();
        await queryClient.invalidateQueries(trpc.agents.pathFilter());
      },
    }),
  );
  return (
    <ConfirmDialog
      open={enrolment !== null}
      onOpenChange={(open) => {
        if (!open) {
          revoke.reset();
          onClose();
        }
      }}
      title={`Revoke the onboarding file of ${enrolment?.agentName ?? ""}?`}
      confirmLabel={`Revoke file of ${customer.name}`}
      busy={revoke.isPending}
      error={revoke.isError ? refusalOf(revoke.error).message : undefined}
      onConfirm={() => {
        if (enrolment !== null) revoke.mutate({ customer: customer.slug, enrolmentId: enrolment.id });
      }}
    >
      <p>
        From now on nobody can enrol with it. Agents that are enrolled already go on. You can make another
        file at any time.
      </p>
    </ConfirmDialog>
  );
}
