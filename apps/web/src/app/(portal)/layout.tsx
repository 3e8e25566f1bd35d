import { ToastArea } from "@rollcall/ui/toast";
import type { ReactNode } from "react";
import { viewer } from "~/features/shell/viewer.ts";
import { ApiProvider } from "~/trpc/client.tsx";

export default async function PortalLayout({ children }: { children: ReactNode }) {
  await viewer();
  return (
    <ApiProvider>
      <ToastArea>{children}</ToastArea>
    </ApiProvider>
  );
}
