"use client";

import { OnDemand } from "@rollcall/ui/on-demand";
import { Search } from "lucide-react";
import { lazy, useEffect, useState } from "react";
import type { ShellCustomer } from "./person.ts";

const load = () => import("./finder.tsx");
const Finder = lazy(load);

/** Find a person, an address, a customer or a page from anywhere. The first hit for an address is who is there now. */
export function Palette({ customer, canSwitch }: { customer: ShellCustomer | null; canSwitch: boolean }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (
        event.key.toLowerCase() !== "k" ||
        !(event.metaKey || event.ctrlKey) ||
        event.altKey ||
        event.shiftKey
      )
        return;
      event.preventDefault();
      setOpen((was) => !was);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        className="flex h-8 items-center gap-2 rounded-sm border border-line bg-sunken px-2 text-sm text-ink-3 hover:border-line-strong md:w-72"
      >
        <Search aria-hidden size={15} strokeWidth={1.5} className="shrink-0 md:hidden" />
        <span className="truncate max-md:sr-only">Find a user, IP, customer…</span>
        <kbd
          aria-hidden
          className="eyebrow ml-auto hidden rounded-xs border border-line bg-surface px-1 md:inline"
        >
          ⌘K
        </kbd>
      </button>
      <OnDemand wanted={open} load={load}>
        <Finder open={open} onOpenChange={setOpen} customer={customer} canSwitch={canSwitch} />
      </OnDemand>
    </>
  );
}
