"use client";

import { Drawer as Base } from "@base-ui/react/drawer";
import { X } from "lucide-react";
import type { DrawerProps } from "./drawer.tsx";

/** A panel from the right. Escape closes it, focus goes back to where it came from, the page keeps its scroll. */
export default function DrawerPanel({
  open,
  onOpenChange,
  title,
  description,
  width = "form",
  children,
  footer,
  opener,
}: DrawerProps & { opener: () => HTMLElement | undefined }) {
  return (
    <Base.Root
      open={open}
      onOpenChange={onOpenChange}
      swipeDirection="right"
      disablePointerDismissal={footer !== undefined}
    >
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-scrim transition-opacity duration-[120ms] ease-out data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-50 flex justify-end">
          <Base.Popup
            finalFocus={opener}
            className={`flex h-full w-full flex-col border-l border-line bg-raised text-ink shadow-pop outline-none [transform:translateX(var(--drawer-swipe-movement-x))] transition-transform duration-[120ms] ease-out data-ending-style:[transform:translateX(100%)] data-starting-style:[transform:translateX(100%)] ${width === "form" ? "sm:max-w-[480px]" : "sm:max-w-[720px]"}`}
          >
            <header className="flex items-start gap-3 border-b border-line px-5 py-3.5">
              <div className="min-w-0 flex-1">
                <Base.Title className="text-lg font-semibold">{title}</Base.Title>
                {description === undefined ? null : (
                  <Base.Description className="mt-0.5 text-sm text-ink-2">{description}</Base.Description>
                )}
              </div>
              <Base.Close
                aria-label="Close"
                title="Close (Esc)"
                className="inline-flex size-7 shrink-0 items-center justify-center rounded-md text-ink-2 hover:bg-sunken hover:text-ink"
              >
                <X aria-hidden size={16} strokeWidth={1.5} />
              </Base.Close>
            </header>
            <Base.Content className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-4">
              {children}
            </Base.Content>
            {footer === undefined ? null : (
              <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-5 py-3">
                {footer}
              </footer>
            )}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
