"use client";

import { useQuery } from "@tanstack/react-query";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { OverviewView } from "./overview-view.tsx";

export function Overview({ initial }: { initial: Outputs["customers"]["overview"] }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.customers.overview.queryOptions(
      { customer: initial.customer.slug },
      { ...LIVE, initialData: initial },
    ),
  );
  return (
    <OverviewView
      overview={query.data}
      stale={<StaleNotice query={query} what="Overview" />}
      asOf={<AsOf at={query.data.asOf} />}
    />
  );
}
