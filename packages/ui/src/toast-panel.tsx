"use client";

import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { useEffect } from "react";
import { listenToWords } from "./toast.tsx";

const manager = Toast.createToastManager();

/** Shows what is said, bottom left. Loaded with the first word. */
export default function ToastPanel() {
  useEffect(
    () => listenToWords((text) => void manager.add({ title: text, timeout: 6000, priority: "low" })),
    [],
  );
  return (
    <Toast.Provider toastManager={manager} limit={3}>
      <Toast.Portal>
        <Toast.Viewport className="fixed bottom-4 left-4 z-70 flex w-[min(24rem,calc(100vw-2rem))] flex-col gap-2">
          <Shown />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function Shown() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="rounded-md border border-line-strong bg-raised text-ink shadow-pop transition-opacity duration-[120ms] data-ending-style:opacity-0 data-limited:hidden data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-center gap-3 px-3 py-2">
        <Toast.Title className="min-w-0 flex-1 text-sm" />
        <Toast.Close
          aria-label="Dismiss"
          className="inline-flex size-6 items-center justify-center rounded-sm text-ink-2 hover:text-ink"
        >
          <X aria-hidden size={14} strokeWidth={1.5} />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
