import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { EventSources } from "~/features/events/event-sources.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Event logs" };

export default async function EventSourcesPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  const [sources, sites, credentials] = await loadPage(
    Promise.all([
      api.eventSources.list({ customer }),
      api.sites.list({ customer }),
      api.credentials.list({ customer }),
    ]),
    `/c/${customer}/events`,
  );
  return <EventSources initial={sources} sites={sites.items} credentials={credentials.items} />;
}
