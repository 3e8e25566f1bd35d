"use client";

import { Combobox } from "@base-ui/react/combobox";
import { Monogram } from "@rollcall/ui/monogram";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { usePathname, useRouter } from "next/navigation";
import { useDeferredValue, useState } from "react";
import { useTRPC } from "~/trpc/client.tsx";
import { samePageAt } from "./navigation.ts";
import type { ShellCustomer } from "./person.ts";
import { SCOPE_BUTTON, SCOPE_HINT, ScopeFace } from "./scope-face.tsx";

interface ScopeItem {
  /** Null: all customers. */
  readonly slug: string | null;
  readonly name: string;
  readonly hue: number;
}

const ALL: ScopeItem = { slug: null, name: "All customers", hue: 0 };

/** The list behind the header's scope. Typing asks the API, so it finds one of thousands; choosing keeps the kind of page. */
export default function ScopeList({ current }: { current: ShellCustomer | null }) {
  const router = useRouter();
  const pathname = usePathname();
  const trpc = useTRPC();
  const [open, setOpen] = useState(true);
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim());
  const found = useQuery(
    trpc.customers.list.queryOptions(
      { search, limit: 50 },
      { enabled: open, placeholderData: keepPreviousData },
    ),
  );
  const customers: ScopeItem[] = (found.data?.items ?? []).map(({ slug, name, hue }) => ({
    slug,
    name,
    hue,
  }));
  const items = search === "" ? [ALL, ...customers] : customers;
  const chosen = current ?? ALL;

  return (
    <Combobox.Root
      items={items}
      filter={null}
      value={chosen}
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        if (!next) setTyped("");
      }}
      inputValue={typed}
      onInputValueChange={setTyped}
      onValueChange={(next: ScopeItem | null) => {
        if (next === null) return;
        router.push(next.slug === null ? "/fleet/customers" : samePageAt(pathname, next.slug));
      }}
      itemToStringLabel={(item: ScopeItem) => item.name}
      isItemEqualToValue={(a: ScopeItem, b: ScopeItem) => a.slug === b.slug}
    >
      <Combobox.Trigger aria-label={`${chosen.name}. ${SCOPE_HINT}`} className={SCOPE_BUTTON}>
        <ScopeFace current={current} />
      </Combobox.Trigger>
      <Combobox.Portal>
        <Combobox.Positioner align="start" sideOffset={6} className="z-50">
          <Combobox.Popup
            aria-label="Switch customer"
            className="w-80 max-w-[calc(100vw-2rem)] rounded-md border border-line bg-raised text-ink shadow-pop"
          >
            <Combobox.Input
              placeholder="Find a customer"
              aria-label="Find a customer"
              className="h-9 w-full border-b border-line bg-transparent px-3 text-sm -outline-offset-2!"
            />
            <Combobox.Empty className="px-3 text-sm text-ink-2 not-empty:py-2.5">
              {found.isPending
                ? "Asking…"
                : found.isError
                  ? "The list did not come."
                  : "No customer of that name."}
            </Combobox.Empty>
            <Combobox.List className="max-h-80 overflow-y-auto not-empty:py-1">
              {(item: ScopeItem) => (
                <Combobox.Item
                  key={item.slug ?? "all"}
                  value={item}
                  className="flex min-h-8 cursor-pointer items-center gap-2 px-3 text-sm outline-none select-none data-highlighted:bg-sunken data-selected:font-semibold"
                >
                  {item.slug === null ? (
                    <span aria-hidden className="size-6" />
                  ) : (
                    <Monogram name={item.name} hue={item.hue} />
                  )}
                  <span className="truncate">{item.name}</span>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}
