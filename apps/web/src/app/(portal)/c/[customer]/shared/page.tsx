import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { SharedHosts } from "~/features/shared-hosts/shared-hosts.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Shared hosts & accounts" };

export default async function SharedHostsPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  const [suggestions, marks, hostMarks, sites] = await loadPage(
    Promise.all([
      api.suggestions.list({ customer }),
      api.marks.list({ customer }),
      api.hostMarks.list({ customer }),
      api.sites.list({ customer }),
    ]),
    `/c/${customer}/shared`,
  );
  return (
    <SharedHosts suggestions={suggestions} marks={marks} hostMarks={hostMarks} spaces={sites.addressSpaces} />
  );
}
