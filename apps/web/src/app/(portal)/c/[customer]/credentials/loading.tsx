import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return (
    <PageSkeleton
      title="Credentials"
      headers={[
        { header: "Credential" },
        { header: "State" },
        { header: "What agents say" },
        { header: "Account" },
        { header: "Proves itself by" },
        { header: "Used by" },
      ]}
    />
  );
}
