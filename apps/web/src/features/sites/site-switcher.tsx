"use client";

import { Menu, MenuChoices } from "@rollcall/ui/menu";
import { useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { LIVE } from "~/features/live/live-options.ts";
import { useTRPC } from "~/trpc/client.tsx";

/** Narrows the lists of a customer to one site. Not shown where there is only one. */
export function SiteSwitcher({ customer }: { customer: string }) {
  const trpc = useTRPC();
  const sites = useQuery(trpc.sites.list.queryOptions({ customer }, { ...LIVE, refetchInterval: 60_000 }));
  const [slug, setSlug] = useQueryState("site", parseAsString);
  const items = sites.data?.items ?? [];
  if (items.length < 2) return null;
  const chosen = items.find((site) => site.slug === slug);
  return (
    <>
      <span aria-hidden className="text-ink-3 max-sm:hidden">
        /
      </span>
      <Menu
        align="start"
        label="Site"
        trigger={
          <button
            type="button"
            className="flex h-8 max-w-48 items-center gap-1.5 truncate rounded-sm px-1.5 text-sm text-ink hover:bg-sunken max-sm:hidden"
          >
            <span className="truncate">{chosen?.name ?? "All sites"}</span>
            <svg viewBox="0 0 10 10" aria-hidden="true" className="size-2.5 shrink-0 text-ink-2">
              <path d="M1 3.2h8L5 7.8Z" fill="currentColor" />
            </svg>
          </button>
        }
      >
        <MenuChoices
          label="Show"
          value={chosen?.slug ?? ""}
          onChange={(next) => void setSlug(next === "" ? null : next)}
          options={[
            { value: "", label: "All sites" },
            ...items.map((site) => ({ value: site.slug, label: site.name })),
          ]}
        />
      </Menu>
    </>
  );
}
