"use client";

import { Button } from "@rollcall/ui/button";
import { Mono, PageBody, PageHead } from "@rollcall/ui/layout";
import { StateChip } from "@rollcall/ui/state";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { CustomerChain } from "~/features/customers/customer-chain.tsx";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { OverlapAlarm } from "~/features/shared-hosts/overlap-alarm.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { Answering, LearnBanner } from "./answering.tsx";
import { Contacts, Told } from "./contacts.tsx";
import { DarkNotice } from "./dark-notice.tsx";
import { JunosPanel } from "./junos-panel.tsx";
import { EditPoint, RemovePoint } from "./point-dialogs.tsx";
import type { Point } from "./point-values.ts";
import { askingWord } from "./point-words.ts";
import { PushLines } from "./push-lines.tsx";
import { PushPanel } from "./push-panel.tsx";
import { RotateSecret } from "./rotate-secret.tsx";
import { SecretOnce } from "./secret-once.tsx";
import { Secrets } from "./secrets.tsx";

/** One firewall: is it asking, what does it need pasted, what was it told, by whom, when. */
export function PointDetail({
  initial,
  overview,
  sites,
}: {
  initial: Point;
  overview: Outputs["customers"]["overview"];
  sites: Outputs["sites"]["list"]["items"];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("point:write");
  const maySecret = useMay("point:secret");
  const [dialog, setDialog] = useState<"edit" | "rotate" | "remove" | null>(null);
  const query = useQuery(
    trpc.points.get.queryOptions(
      { customer: customer.slug, id: initial.id },
      { ...LIVE, initialData: initial },
    ),
  );
  const chain = useQuery(
    trpc.customers.overview.queryOptions({ customer: customer.slug }, { ...LIVE, initialData: overview }),
  );
  const point = query.data;
  const close = () => setDialog(null);
  return (
    <>
      <PageHead
        eyebrow={
          <Link href={`/c/${customer.slug}/enforcement`} className="hover:text-accent hover:underline">
            Enforcement point
          </Link>
        }
        title={point.name}
        aside={
          <>
            {point.sourceAddresses.length === 0 ? null : <Mono>{point.sourceAddresses.join(", ")}</Mono>}
            <StateChip
              state={point.health.state}
              word={point.pushedFrom === null ? askingWord(point.health.state) : undefined}
            />
          </>
        }
        summary={
          <>
            {point.health.sentence} <AsOf at={point.asOf} />
          </>
        }
        actions={
          <>
            {mayWrite ? (
              <Button variant="danger" onClick={() => setDialog("remove")}>
                Remove
              </Button>
            ) : null}
            {maySecret ? <Button onClick={() => setDialog("rotate")}>Rotate secret…</Button> : null}
            {mayWrite ? (
              <Button variant="primary" onClick={() => setDialog("edit")}>
                Edit
              </Button>
            ) : null}
          </>
        }
      />
      <PageBody>
        <StaleNotice query={query} what={point.name} />
        <LearnBanner point={point} />
        <DarkNotice point={point} />
        <OverlapAlarm pointId={point.id} />
        <CustomerChain chain={chain.data.chain} slug={customer.slug} />
        <SecretOnce pointId={point.id} />
        {point.pushedFrom === null ? <JunosPanel point={point} /> : null}
        {point.pushedFrom === null ? null : <PushPanel point={point} canChange={maySecret} />}
        {point.pushedFrom === null ? null : <PushLines point={point} />}
        <Answering point={point} canWrite={mayWrite} />
        {point.pushedFrom === null ? <PushPanel point={point} canChange={maySecret} /> : null}
        <Contacts point={point} />
        <Told point={point} />
        <Secrets point={point} canRevoke={maySecret} />
      </PageBody>
      <EditPoint point={point} sites={sites} open={dialog === "edit"} onClose={close} />
      <RotateSecret point={point} open={dialog === "rotate"} onClose={close} />
      <RemovePoint point={point} open={dialog === "remove"} onClose={close} />
    </>
  );
}
