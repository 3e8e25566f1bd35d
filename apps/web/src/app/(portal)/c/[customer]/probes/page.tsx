import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { Probes } from "~/features/probes/probes.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "PC probe" };

export default async function ProbesPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  const [probes, sites, credentials] = await loadPage(
    Promise.all([
      api.probes.list({ customer }),
      api.sites.list({ customer }),
      api.credentials.list({ customer }),
    ]),
    `/c/${customer}/probes`,
  );
  return <Probes initial={probes} sites={sites.items} credentials={credentials.items} />;
}
