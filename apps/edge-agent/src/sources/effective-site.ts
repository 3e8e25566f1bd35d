import path from "node:path";
import { type SiteConfig, siteConfig } from "@rollcall/agent-protocol";

/** Where a list of the configuration in force comes from. */
export type PartOrigin = "portal" | "file" | "none";

/** What this agent does, after the portal's and the local configuration were put together. */
export interface EffectiveSite {
  readonly site: SiteConfig;
  /** The portal's version; null where it has not spoken. */
  readonly version: number | null;
  readonly origins: Readonly<Record<SitePart, PartOrigin>>;
  /** Folder that local paths start from; null where no local file is used. */
  readonly baseFolder: string | null;
}

const PARTS = ["directories", "syslogSources", "filters", "enforcementPoints"] as const;
export type SitePart = (typeof PARTS)[number];

/** Nothing is configured: the agent listens, and says what is missing. */
const EMPTY: SiteConfig = siteConfig.parse({ addressSpaces: [{ id: "default", name: "Default" }] });

/**
 * Puts the portal's configuration over the local file's, list by list: a list that the portal fills is the portal's,
 * one it leaves empty stays the file's. So a site that started by itself goes on working while it is taken over.
 *
 * Shape:  where both sides know exactly one address space they mean the same one, and the local lists follow the
 *         portal's name for it.
 */
export function effectiveSite(
  portal: SiteConfig | null,
  local: SiteConfig | null,
  localFile: string | null,
): EffectiveSite {
  const baseFolder = localFile === null ? null : path.dirname(path.resolve(localFile));
  if (portal === null) {
    const site = local ?? EMPTY;
    return { site, version: null, origins: originsOf(() => (local === null ? "none" : "file")), baseFolder };
  }
  if (local === null)
    return { site: portal, version: portal.version, origins: originsOf(() => "portal"), baseFolder };
  const kept = renamedSpace(local, portal);
  const isPortals = (part: SitePart): boolean => portal[part].length > 0 || kept[part].length === 0;
  const site: SiteConfig = {
    ...portal,
    addressSpaces: [
      ...portal.addressSpaces,
      ...kept.addressSpaces.filter((space) => portal.addressSpaces.every(({ id }) => id !== space.id)),
    ],
    directories: isPortals("directories") ? portal.directories : kept.directories,
    syslogSources: isPortals("syslogSources") ? portal.syslogSources : kept.syslogSources,
    filters: isPortals("filters") ? portal.filters : kept.filters,
    enforcementPoints: isPortals("enforcementPoints") ? portal.enforcementPoints : kept.enforcementPoints,
  };
  return {
    site,
    version: portal.version,
    origins: originsOf((part) => (isPortals(part) ? "portal" : "file")),
    baseFolder,
  };
}

function originsOf(originOf: (part: SitePart) => PartOrigin): EffectiveSite["origins"] {
  return {
    directories: originOf("directories"),
    syslogSources: originOf("syslogSources"),
    filters: originOf("filters"),
    enforcementPoints: originOf("enforcementPoints"),
  };
}

function renamedSpace(local: SiteConfig, portal: SiteConfig): SiteConfig {
  const [own, ...others] = local.addressSpaces;
  const [theirs, ...more] = portal.addressSpaces;
  if (own === undefined || theirs === undefined || others.length > 0 || more.length > 0) return local;
  const rename = (id: string): string => (id === own.id ? theirs.id : id);
  return {
    ...local,
    addressSpaces: [theirs],
    syslogSources: local.syslogSources.map((source) => ({
      ...source,
      addressSpaceId: rename(source.addressSpaceId),
    })),
    enforcementPoints: local.enforcementPoints.map((point) => ({
      ...point,
      addressSpaceIds: point.addressSpaceIds.map(rename),
    })),
  };
}
