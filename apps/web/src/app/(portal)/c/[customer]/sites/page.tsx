import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { Sites } from "~/features/sites/sites.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Sites" };

export default async function SitesPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  return <Sites initial={await loadPage(api.sites.list({ customer }), `/c/${customer}/sites`)} />;
}
