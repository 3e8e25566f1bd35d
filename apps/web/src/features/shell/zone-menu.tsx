"use client";

import { lazy } from "react";
import { OnPress } from "./on-press.tsx";
import type { ShownZone } from "./zone.ts";

const load = () => import("./zone-menu-list.tsx");
const ZoneMenuList = lazy(load);

export function zoneButton(zone: string) {
  return (
    <button
      type="button"
      className="rounded-sm px-1.5 py-1 text-sm whitespace-nowrap text-ink-2 hover:bg-sunken hover:text-ink"
    >
      Times in {zone}
    </button>
  );
}

/** Says which zone times are in, and lets the reader choose another. */
export function ZoneMenu({ zone }: { zone: ShownZone }) {
  return (
    <OnPress load={load} button={zoneButton(zone.shown)}>
      <ZoneMenuList zone={zone} />
    </OnPress>
  );
}
