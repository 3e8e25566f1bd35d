"use client";

import { Menu, MenuChoices, MenuItem, MenuNote, MenuRule } from "@rollcall/ui/menu";
import { signOut } from "next-auth/react";
import { useTheme } from "next-themes";
import { useChooseZone, zoneOptions } from "./choose-zone.ts";
import type { ShellPerson } from "./person.ts";
import { userButton } from "./user-menu.tsx";
import type { ShownZone } from "./zone.ts";

export default function UserMenuList({ person, zone }: { person: ShellPerson; zone: ShownZone }) {
  const { theme, setTheme } = useTheme();
  const { choose } = useChooseZone();
  return (
    <Menu label="You" defaultOpen trigger={userButton(person)}>
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
