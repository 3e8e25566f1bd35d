"use client";

import { Menu, MenuChoices, MenuItem, MenuNote, MenuRule } from "@rollcall/ui/menu";
import { initialsOf } from "@rollcall/ui/monogram";
import { signOut } from "next-auth/react";
import { useTheme } from "next-themes";
import type { ShellPerson } from "./person.ts";
import type { ZoneChoice, Zones } from "./zone.ts";
import { useChooseZone, zoneOptions } from "./zone-menu.tsx";

/** Who is signed in, the look, the zone (where the header has no room for it), and the way out. */
export function UserMenu({
  person,
  zone,
}: {
  person: ShellPerson;
  zone: { choice: ZoneChoice; zones: Zones };
}) {
  const { theme, setTheme } = useTheme();
  const { choose } = useChooseZone();
  return (
    <Menu
      label="You"
      trigger={
        <button
          type="button"
          aria-label={`${initialsOf(person.name)}: signed in as ${person.name}`}
          className="inline-flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-wash text-2xs font-bold text-ink"
        >
          {initialsOf(person.name)}
        </button>
      }
    >
      <MenuNote>
        <span className="block font-semibold">{person.name}</span>
        <span className="block text-xs text-ink-2">{person.email}</span>
        <span className="block text-xs text-ink-2">{person.practiceName}</span>
      </MenuNote>
      <MenuRule />
      <MenuChoices
        label="Theme"
        value={theme ?? "system"}
        onChange={setTheme}
        options={[
          { value: "light", label: "Light" },
          { value: "dark", label: "Dark" },
          { value: "system", label: "As the computer" },
        ]}
      />
      <MenuRule />
      <MenuChoices label="Times in" value={zone.choice} onChange={choose} options={zoneOptions(zone.zones)} />
      <MenuRule />
      <MenuItem onSelect={() => void signOut({ callbackUrl: "/sign-in" })}>Sign out</MenuItem>
    </Menu>
  );
}
