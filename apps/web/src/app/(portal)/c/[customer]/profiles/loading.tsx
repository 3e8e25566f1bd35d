import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Profiles"
      headers={[
        { header: "Profile", width: "24%" },
        { header: "From" },
        { header: "What it is for", width: "34%" },
        { header: "Answers", width: "18%" },
        { header: "Changed" },
      ]}
    />
  );
}
