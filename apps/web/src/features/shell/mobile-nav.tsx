"use client";

import { Drawer } from "@rollcall/ui/drawer";
import { type ReactNode, useState } from "react";

/** The navigation on a narrow screen, behind one button. Choosing a page closes it. */
export function MobileNav({ children }: { children: (close: () => void) => ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(true)}
        className="inline-flex h-8 items-center rounded-sm border border-line-strong px-2 text-sm font-semibold lg:hidden"
      >
        Menu
      </button>
      <Drawer open={open} onOpenChange={setOpen} title="Menu">
        {children(() => setOpen(false))}
      </Drawer>
    </>
  );
}
