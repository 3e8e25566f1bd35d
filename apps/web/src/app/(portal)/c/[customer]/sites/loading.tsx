import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Sites"
      headers={[
        { header: "Site" },
        { header: "Time zone" },
        { header: "Subnets" },
        { header: "Agents" },
        { header: "Added" },
      ]}
    />
  );
}
