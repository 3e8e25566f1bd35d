import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { SettingsPage } from "~/features/settings/settings-page.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Settings" };

export default async function Settings({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  return <SettingsPage initial={await loadPage(api.settings.get({ customer }), `/c/${customer}/settings`)} />;
}
