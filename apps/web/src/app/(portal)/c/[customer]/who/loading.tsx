import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";
import { SESSION_HEADERS } from "~/features/who/session-table-view.tsx";

export default function Loading() {
  return <PageSkeleton title="Who is at…" headers={SESSION_HEADERS} />;
}
