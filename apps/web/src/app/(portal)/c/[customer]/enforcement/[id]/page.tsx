import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { PointDetail } from "~/features/enforcement/point-detail.tsx";
import { customerOverview } from "~/features/shell/customer-overview.ts";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Enforcement point" };

export default async function PointPage({ params }: { params: Promise<{ customer: string; id: string }> }) {
  const { customer, id } = await params;
  const [point, sites, overview] = await loadPage(
    Promise.all([api.points.get({ customer, id }), api.sites.list({ customer }), customerOverview(customer)]),
    `/c/${customer}/enforcement/${id}`,
  );
  return <PointDetail initial={point} overview={overview} sites={sites.items} />;
}
