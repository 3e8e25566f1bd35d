"use client";

import { initialsOf } from "@rollcall/ui/monogram";
import { lazy } from "react";
import { OnPress } from "./on-press.tsx";
import type { ShellPerson } from "./person.ts";
import type { ShownZone } from "./zone.ts";

const load = () => import("./user-menu-list.tsx");
const UserMenuList = lazy(load);

export function userButton(person: ShellPerson) {
  return (
    <button
      type="button"
      aria-label={`${initialsOf(person.name)}: signed in as ${person.name}`}
      className="inline-flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-wash text-2xs font-bold text-ink"
    >
      {initialsOf(person.name)}
    </button>
  );
}

/** Who is signed in, the look, the zone (where the header has no room for it), and the way out. */
export function UserMenu({ person, zone }: { person: ShellPerson; zone: ShownZone }) {
  return (
    <OnPress load={load} button={userButton(person)}>
      <UserMenuList person={person} zone={zone} />
    </OnPress>
  );
}
