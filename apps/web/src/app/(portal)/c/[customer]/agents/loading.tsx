import { AGENT_HEADERS } from "~/features/agents/agent-table-view.tsx";
import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return <PageSkeleton title="Agents" headers={AGENT_HEADERS} />;
}
