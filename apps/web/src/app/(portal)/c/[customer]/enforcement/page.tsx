import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { Points } from "~/features/enforcement/points.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Enforcement points" };

export default async function EnforcementPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  const [points, sites] = await loadPage(
    Promise.all([api.points.list({ customer }), api.sites.list({ customer })]),
    `/c/${customer}/enforcement`,
  );
  return <Points initial={points} sites={sites.items} />;
}
