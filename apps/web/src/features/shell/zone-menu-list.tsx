"use client";

import { Menu, MenuChoices } from "@rollcall/ui/menu";
import { useChooseZone, zoneOptions } from "./choose-zone.ts";
import type { ShownZone } from "./zone.ts";
import { zoneButton } from "./zone-menu.tsx";

export default function ZoneMenuList({ zone }: { zone: ShownZone }) {
  const { choose } = useChooseZone();
  return (
    <Menu label="Time zone" defaultOpen trigger={zoneButton(zone.shown)}>
      <MenuChoices
        label="Show times in"
        value={zone.choice}
        onChange={choose}
        options={zoneOptions(zone.zones)}
      />
    </Menu>
  );
}
