import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { Profiles } from "~/features/profiles/profiles.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Profiles" };

export default async function ProfilesPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  return <Profiles initial={await loadPage(api.profiles.list({ customer }), `/c/${customer}/profiles`)} />;
}
