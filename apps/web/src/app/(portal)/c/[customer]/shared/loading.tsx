import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Shared hosts & accounts"
      headers={[
        { header: "What was found", width: "24%" },
        { header: "It looks like" },
        { header: "Why", width: "30%" },
        { header: "Last seen" },
        { header: "State" },
      ]}
    />
  );
}
