"use client";

import { PageBody, PageHead } from "@rollcall/ui/layout";
import { useQuery } from "@tanstack/react-query";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { CorroborationPanel } from "./corroboration-panel.tsx";
import { DetectionPanel } from "./detection-panel.tsx";
import { EventRulesPanel } from "./event-rules-panel.tsx";
import { InfrastructurePanel } from "./infrastructure-panel.tsx";
import { LegacyPanel } from "./legacy-panel.tsx";
import { ListenerPanel } from "./listener-panel.tsx";
import { PointDefaultsPanel } from "./point-defaults-panel.tsx";

/** What holds for the whole customer. Each part is saved on its own. */
export function SettingsPage({ initial }: { initial: Outputs["settings"]["get"] }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("settings:write");
  const query = useQuery(
    trpc.settings.get.queryOptions({ customer: customer.slug }, { initialData: initial }),
  );
  const { settings, asOf } = query.data;
  // Made anew when the stored value changes, so that a part never shows what somebody else has changed since.
  const keyOf = (part: unknown) => JSON.stringify(part);
  return (
    <>
      <PageHead
        title="Settings"
        summary={
          <>
            What holds for all agents and firewalls of {customer.name}. <AsOf at={asOf} />
          </>
        }
      />
      <PageBody>
        <StaleNotice query={query} what="Settings" />
        {mayWrite ? null : (
          <p className="text-sm text-ink-2">Your role sees these and does not change them.</p>
        )}
        <CorroborationPanel
          key={keyOf(settings.corroboration)}
          value={settings.corroboration}
          canWrite={mayWrite}
        />
        <DetectionPanel key={keyOf(settings.detection)} value={settings.detection} canWrite={mayWrite} />
        <InfrastructurePanel
          key={`infrastructure ${keyOf(settings.infrastructure)}`}
          value={settings.infrastructure}
          canWrite={mayWrite}
        />
        <EventRulesPanel
          key={`event rules ${keyOf(settings.eventRulesOff)}`}
          value={settings.eventRulesOff}
          canWrite={mayWrite}
        />
        <PointDefaultsPanel
          key={keyOf(settings.pointDefaults)}
          value={settings.pointDefaults}
          canWrite={mayWrite}
        />
        <ListenerPanel key={keyOf(settings.listenerTls)} value={settings.listenerTls} canWrite={mayWrite} />
        <LegacyPanel
          key={`legacy ${keyOf(settings.legacyListener)}`}
          value={settings.legacyListener}
          asOf={asOf}
          canWrite={mayWrite}
        />
      </PageBody>
    </>
  );
}
