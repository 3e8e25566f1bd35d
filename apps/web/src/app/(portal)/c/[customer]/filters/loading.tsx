import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Filters"
      headers={[
        { header: "Filter" },
        { header: "Value" },
        { header: "Domain" },
        { header: "Why" },
        { header: "State" },
        { header: "Since" },
      ]}
    />
  );
}
