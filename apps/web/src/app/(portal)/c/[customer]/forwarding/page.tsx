import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { Forwarding } from "~/features/forwarding/forwarding.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Event forwarding" };

export default async function ForwardingPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  const [receivers, sites] = await loadPage(
    Promise.all([api.forwarding.list({ customer }), api.sites.list({ customer })]),
    `/c/${customer}/forwarding`,
  );
  return <Forwarding initial={receivers} sites={sites.items} />;
}
