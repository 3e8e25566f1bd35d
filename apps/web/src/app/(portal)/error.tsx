"use client";

import { FaultView } from "~/features/shell/fault-view.tsx";

export default function PageFault({ error, retry }: { error: unknown; retry: () => void }) {
  return <FaultView error={error} retry={retry} />;
}
