"use client";

import { FaultView } from "~/features/shell/fault-view.tsx";
import { Plain } from "~/features/shell/plain.tsx";

export default function AppFault({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <Plain>
      <FaultView error={error} retry={retry} />
    </Plain>
  );
}
