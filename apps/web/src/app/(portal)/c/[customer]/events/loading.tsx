import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Event logs"
      headers={[
        { header: "Event log" },
        { header: "Health" },
        { header: "What it says" },
        { header: "Server" },
        { header: "Host" },
        { header: "Site" },
        { header: "Events" },
        { header: "Say who" },
        { header: "Lag" },
        { header: "Last event" },
      ]}
    />
  );
}
