"use client";

import { Menu, MenuChoices } from "@rollcall/ui/menu";
import { siteButton } from "./site-switcher.tsx";

export interface SiteMenuProps {
  readonly name: string;
  /** Slug of the chosen site; empty: all. */
  readonly chosen: string;
  readonly items: readonly { readonly slug: string; readonly name: string }[];
  readonly onChoose: (slug: string) => void;
}

export default function SiteMenu({ name, chosen, items, onChoose }: SiteMenuProps) {
  return (
    <Menu align="start" label="Site" defaultOpen trigger={siteButton(name)}>
      <MenuChoices
        label="Show"
        value={chosen}
        onChange={onChoose}
        options={[
          { value: "", label: "All sites" },
          ...items.map((site) => ({ value: site.slug, label: site.name })),
        ]}
      />
    </Menu>
  );
}
