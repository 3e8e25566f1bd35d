import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { SetUp } from "~/features/set-up/set-up.tsx";
import { customerOverview } from "~/features/shell/customer-overview.ts";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Set-up" };

export default async function SetUpPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  const { may } = await loadPage(customerOverview(customer), `/c/${customer}/set-up`);
  const [view, sites, bases] = await loadPage(
    Promise.all([
      api.setup.get({ customer }),
      api.sites.list({ customer }),
      may.includes("source:read") ? api.syslog.baseConfigurations({ customer }) : { items: [] },
    ]),
    `/c/${customer}/set-up`,
  );
  return <SetUp initial={view} sites={sites.items} bases={bases.items} />;
}
