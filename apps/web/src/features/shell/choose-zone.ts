"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { BROWSER_ZONE_COOKIE, ZONE_COOKIE, type Zones } from "./zone.ts";

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
