"use client";

import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";

export function TooltipArea({ children }: { children: ReactNode }) {
  return <Base.Provider delay={300}>{children}</Base.Provider>;
}

/** Extra words for something that can have focus. Nothing that must be read stands only here. */
export function Tooltip({
  text,
  children,
}: {
  text: ReactNode;
  children: ReactElement<Record<string, unknown>>;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} className="z-70">
          <Base.Popup className="max-w-80 rounded-md border border-line bg-raised px-2.5 py-1.5 text-xs text-ink shadow-pop">
            {text}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
