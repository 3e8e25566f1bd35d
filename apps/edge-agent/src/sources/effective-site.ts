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
  /** Credentials of the local file: only they may name a password file. */
  readonly localCredentialIds: ReadonlySet<string>;
}

const PARTS = [
  "directories",
  "credentials",
  "eventSources",
  "wefReceiver",
  "pcProbe",
  "syslogSources",
  "filters",
  "enforcementPoints",
] as const;
export type SitePart = (typeof PARTS)[number];

/** Nothing is configured: the agent listens, and says what is missing. */
const EMPTY: SiteConfig = siteConfig.parse({ addressSpaces: [{ id: "default", name: "Default" }] });

/**
 * Puts the portal's configuration over the local file's, list by list: a list that the portal fills is the portal's,
 * one it leaves empty stays the file's. So a site that started by itself goes on working while it is taken over.
 *
 * Shape:  where both sides know exactly one address space they mean the same one, and the local lists follow the
 *         portal's name for it. Credentials are the exception: those of both sides are there, for sources of either
 *         may name them; of two with one id the portal's counts.
 */
export function effectiveSite(
  portal: SiteConfig | null,
  local: SiteConfig | null,
  localFile: string | null,
): EffectiveSite {
  const baseFolder = localFile === null ? null : path.dirname(path.resolve(localFile));
  if (portal === null) {
    const site = local ?? EMPTY;
    const origins = originsOf(() => (local === null ? "none" : "file"));
    const localCredentialIds = new Set(site.credentials.map(({ id }) => id));
    return { site, version: null, origins, baseFolder, localCredentialIds };
  }
  if (local === null) {
    const origins = originsOf(() => "portal");
    return { site: portal, version: portal.version, origins, baseFolder, localCredentialIds: new Set() };
  }
  const kept = renamedSpace(local, portal);
  const isPortals = (part: SitePart): boolean => isFilled(portal[part]) || !isFilled(kept[part]);
  const ownCredentials = kept.credentials.filter(({ id }) =>
    portal.credentials.every((theirs) => theirs.id !== id),
  );
  const site: SiteConfig = {
    ...portal,
    addressSpaces: [
      ...portal.addressSpaces,
      ...kept.addressSpaces.filter((space) => portal.addressSpaces.every(({ id }) => id !== space.id)),
    ],
    directories: isPortals("directories") ? portal.directories : kept.directories,
    credentials: [...portal.credentials, ...ownCredentials],
    eventSources: isPortals("eventSources") ? portal.eventSources : kept.eventSources,
    wefReceiver: isPortals("wefReceiver") ? portal.wefReceiver : kept.wefReceiver,
    pcProbe: isPortals("pcProbe") ? portal.pcProbe : kept.pcProbe,
    syslogSources: isPortals("syslogSources") ? portal.syslogSources : kept.syslogSources,
    filters: isPortals("filters") ? portal.filters : kept.filters,
    enforcementPoints: isPortals("enforcementPoints") ? portal.enforcementPoints : kept.enforcementPoints,
  };
  return {
    site,
    version: portal.version,
    origins: originsOf((part) => (isPortals(part) ? "portal" : "file")),
    baseFolder,
    localCredentialIds: new Set(ownCredentials.map(({ id }) => id)),
  };
}

/** The site as its event logs and its receiver of forwarded events obey it: what is off for the customer is off at each. */
export function obeyingCustomer(next: EffectiveSite): EffectiveSite {
  const { eventSources, wefReceiver, settings } = next.site;
  if (settings.eventRulesOff.length === 0) return next;
  const off = <T extends { readonly rulesOff: string[] }>(source: T): T => ({
    ...source,
    rulesOff: [...new Set([...source.rulesOff, ...settings.eventRulesOff])],
  });
  return {
    ...next,
    site: {
      ...next.site,
      eventSources: eventSources.map(off),
      wefReceiver: wefReceiver === null ? null : off(wefReceiver),
    },
  };
}

/** Whether a side says anything of a part: a list with something in it, or the part itself. */
function isFilled(part: SiteConfig[SitePart]): boolean {
  return Array.isArray(part) ? part.length > 0 : part !== null;
}

function originsOf(originOf: (part: SitePart) => PartOrigin): EffectiveSite["origins"] {
  return {
    directories: originOf("directories"),
    credentials: originOf("credentials"),
    eventSources: originOf("eventSources"),
    wefReceiver: originOf("wefReceiver"),
    pcProbe: originOf("pcProbe"),
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
    eventSources: local.eventSources.map((source) => ({
      ...source,
      addressSpaceId: rename(source.addressSpaceId),
    })),
    wefReceiver:
      local.wefReceiver === null
        ? null
        : { ...local.wefReceiver, addressSpaceId: rename(local.wefReceiver.addressSpaceId) },
    pcProbe:
      local.pcProbe === null
        ? null
        : { ...local.pcProbe, addressSpaceId: rename(local.pcProbe.addressSpaceId) },
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
