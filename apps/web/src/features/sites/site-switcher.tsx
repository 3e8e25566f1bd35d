"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { lazy } from "react";
import { LIVE } from "~/features/live/live-options.ts";
import { OnPress } from "~/features/shell/on-press.tsx";
import { useTRPC } from "~/trpc/client.tsx";

const load = () => import("./site-menu.tsx");
const SiteMenu = lazy(load);

export function siteButton(name: string) {
  return (
    <button
      type="button"
      className="flex h-8 max-w-48 items-center gap-1.5 truncate rounded-sm px-1.5 text-sm text-ink hover:bg-sunken max-sm:hidden"
    >
      <span className="truncate">{name}</span>
      <svg viewBox="0 0 10 10" aria-hidden="true" className="size-2.5 shrink-0 text-ink-2">
        <path d="M1 3.2h8L5 7.8Z" fill="currentColor" />
      </svg>
    </button>
  );
}

/** Narrows the lists of a customer to one site. Not shown where there is only one. */
export function SiteSwitcher({ customer }: { customer: string }) {
  const trpc = useTRPC();
  const sites = useQuery(trpc.sites.list.queryOptions({ customer }, { ...LIVE, refetchInterval: 60_000 }));
  const [slug, setSlug] = useQueryState("site", parseAsString);
  const items = sites.data?.items ?? [];
  if (items.length < 2) return null;
  const name = items.find((site) => site.slug === slug)?.name ?? "All sites";
  return (
    <>
      <span aria-hidden className="text-ink-3 max-sm:hidden">
        /
      </span>
      <OnPress load={load} button={siteButton(name)}>
        <SiteMenu
          name={name}
          chosen={slug ?? ""}
          items={items}
          onChoose={(next) => void setSlug(next === "" ? null : next)}
        />
      </OnPress>
    </>
  );
}
