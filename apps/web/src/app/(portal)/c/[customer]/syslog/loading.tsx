import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Syslog sources"
      headers={[
        { header: "Source" },
        { header: "Health" },
        { header: "What it says" },
        { header: "Site" },
        { header: "Senders" },
        { header: "Rules" },
        { header: "Lines" },
        { header: "Matched" },
        { header: "Last line" },
      ]}
    />
  );
}
