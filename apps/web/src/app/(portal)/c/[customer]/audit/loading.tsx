import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Audit"
      headers={[
        { header: "When" },
        { header: "Who" },
        { header: "What" },
        { header: "Object" },
        { header: "Changed" },
        { header: "Result" },
        { header: "From" },
      ]}
    />
  );
}
