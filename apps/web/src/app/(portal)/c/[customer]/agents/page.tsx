import type { Metadata } from "next";
import { Agents } from "~/features/agents/agents.tsx";
import { loadPage } from "~/features/door/load-page.ts";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Agents" };

export default async function AgentsPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  const [agents, enrolments, sites] = await loadPage(
    Promise.all([
      api.agents.list({ customer }),
      api.agents.enrolments({ customer }),
      api.sites.list({ customer }),
    ]),
    `/c/${customer}/agents`,
  );
  return <Agents initial={agents} initialEnrolments={enrolments} sites={sites.items} />;
}
