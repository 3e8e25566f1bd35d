import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Enforcement points"
      headers={[
        { header: "Firewall" },
        { header: "Health" },
        { header: "What it says" },
        { header: "Asks from" },
        { header: "Client id" },
        { header: "Last asked" },
        { header: "Entries sent" },
        { header: "Refused" },
      ]}
    />
  );
}
