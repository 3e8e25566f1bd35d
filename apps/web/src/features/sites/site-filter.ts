"use client";

import { parseAsString, useQueryState } from "nuqs";

export interface SiteFilter {
  /** The chosen site's name; null for all. */
  readonly name: string | null;
  readonly includes: (siteId: string | null) => boolean;
  readonly clear: () => void;
}

/** The site chosen in the header (`?site=slug`): lists show what stands there. What belongs to no site is always shown. */
export function useSiteFilter(
  sites: readonly { readonly id: string; readonly slug: string; readonly name: string }[],
): SiteFilter {
  const [slug, setSlug] = useQueryState("site", parseAsString);
  const chosen = sites.find((site) => site.slug === slug);
  return {
    name: chosen?.name ?? null,
    includes: (siteId) => chosen === undefined || siteId === null || siteId === chosen.id,
    clear: () => void setSlug(null),
  };
}
