import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Directories"
      headers={[
        { header: "Directory" },
        { header: "Health" },
        { header: "What it says" },
        { header: "Site" },
        { header: "Server" },
        { header: "Protection" },
        { header: "Read" },
        { header: "Last read" },
      ]}
    />
  );
}
