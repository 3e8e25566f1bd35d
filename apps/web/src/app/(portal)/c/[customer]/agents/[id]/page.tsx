import type { Metadata } from "next";
import { AgentDetail } from "~/features/agents/agent-detail.tsx";
import { loadPage } from "~/features/door/load-page.ts";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Agent" };

export default async function AgentPage({ params }: { params: Promise<{ customer: string; id: string }> }) {
  const { customer, id } = await params;
  return (
    <AgentDetail initial={await loadPage(api.agents.get({ customer, id }), `/c/${customer}/agents/${id}`)} />
  );
}
