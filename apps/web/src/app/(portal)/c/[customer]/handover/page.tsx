import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { loadPage } from "~/features/door/load-page.ts";
import { Handover } from "~/features/handover/handover.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Hand-over pack" };

export default async function HandoverPage({
  params,
  searchParams,
}: {
  params: Promise<{ customer: string }>;
  searchParams: Promise<{ site?: string | string[] }>;
}) {
  const { customer } = await params;
  const { site } = await searchParams;
  const here = `/c/${customer}/handover`;
  const { items } = await loadPage(api.sites.list({ customer }), here);
  const chosen = items.find(({ slug }) => slug === site) ?? items[0];
  if (chosen === undefined) notFound();
  const pack = await loadPage(api.handover.get({ customer, siteId: chosen.id }), here);
  return <Handover initial={pack} sites={items} />;
}
