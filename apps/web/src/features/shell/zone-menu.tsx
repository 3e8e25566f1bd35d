"use client";

import { Menu, MenuChoices } from "@rollcall/ui/menu";
import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { BROWSER_ZONE_COOKIE, ZONE_COOKIE, type ZoneChoice, type Zones } from "./zone.ts";

/** Keeps the choice with the browser and has the page written again in the new zone. */
export function useChooseZone(): { choose: (next: string) => void; isPending: boolean } {
  const router = useRouter();
  const [isPending, startTransition] = useTransition();
  const choose = (next: string) => {
    keep(ZONE_COOKIE, next);
    if (next === "browser") keep(BROWSER_ZONE_COOKIE, Intl.DateTimeFormat().resolvedOptions().timeZone);
    startTransition(() => router.refresh());
  };
  return { choose, isPending };
}

function keep(name: string, value: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing over plain http
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`;
}

export function zoneOptions(zones: Zones): readonly { value: string; label: string }[] {
  return [
    { value: "mine", label: `Mine (${zones.mine})` },
    { value: "browser", label: "This computer's" },
    ...(zones.customer === null ? [] : [{ value: "customer", label: `The customer's (${zones.customer})` }]),
    { value: "utc", label: "UTC" },
  ];
}

/** Says which zone times are in, and lets the reader choose another. */
export function ZoneMenu({ choice, zones, zone }: { choice: ZoneChoice; zones: Zones; zone: string }) {
  const { choose, isPending } = useChooseZone();
  return (
    <Menu
      label="Time zone"
      trigger={
        <button
          type="button"
          className={`rounded-sm px-1.5 py-1 text-sm whitespace-nowrap text-ink-2 hover:bg-sunken hover:text-ink ${isPending ? "opacity-60" : ""}`}
        >
          Times in {zone}
        </button>
      }
    >
      <MenuChoices label="Show times in" value={choice} onChange={choose} options={zoneOptions(zones)} />
    </Menu>
  );
}
