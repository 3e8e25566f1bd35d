/** Where one can go. Only pages that exist stand here. */
export interface NavItem {
  readonly label: string;
  readonly href: string;
  /** Matches this path only, not what lies below it. */
  readonly exact?: boolean;
  readonly count?: keyof NavCounts;
  /** What the count says, where it is not how many there are: "3 to decide". Drawn so that it is seen. */
  readonly calls?: string;
  /** The right without which the page would only refuse; none: everybody here. */
  readonly needs?: string;
}

export interface NavGroup {
  readonly label: string | null;
  readonly items: readonly NavItem[];
}

export interface NavCounts {
  readonly customers?: number;
  readonly agents?: number;
  readonly directories?: number;
  readonly syslogSources?: number;
  readonly eventSources?: number;
  readonly credentials?: number;
  readonly enforcementPoints?: number;
  readonly filters?: number;
  readonly openSuggestions?: number;
  readonly sites?: number;
  readonly people?: number;
}

export const PRACTICE_NAV: readonly NavGroup[] = [
  {
    label: null,
    items: [
      { label: "Customers", href: "/fleet/customers", count: "customers" },
      { label: "Who is at…", href: "/fleet/who", needs: "session:read" },
    ],
  },
];

/** The navigation of one customer. `isSettingUp`: the set-up page leads until the first firewall has been answered. */
export function customerNav(slug: string, isSettingUp: boolean): readonly NavGroup[] {
  const at = (page: string) => `/c/${slug}${page}`;
  const setUp: NavItem = { label: "Set-up", href: at("/set-up") };
  return [
    {
      label: null,
      items: [
        ...(isSettingUp ? [setUp] : []),
        { label: "Overview", href: at(""), exact: true },
        { label: "Who is at…", href: at("/who"), count: "people", needs: "session:read" },
      ],
    },
    {
      label: "Collect",
      items: [
        { label: "Agents", href: at("/agents"), count: "agents", needs: "agent:read" },
        { label: "Directories", href: at("/directories"), count: "directories", needs: "source:read" },
        { label: "Event logs", href: at("/events"), count: "eventSources", needs: "source:read" },
        { label: "Event forwarding", href: at("/forwarding"), needs: "source:read" },
        { label: "Syslog sources", href: at("/syslog"), count: "syslogSources", needs: "source:read" },
        { label: "PC probe", href: at("/probes"), needs: "source:read" },
        { label: "Credentials", href: at("/credentials"), count: "credentials", needs: "source:read" },
      ],
    },
    {
      label: "Enforce",
      items: [
        {
          label: "Enforcement points",
          href: at("/enforcement"),
          count: "enforcementPoints",
          needs: "point:read",
        },
        { label: "Profiles", href: at("/profiles"), needs: "point:read" },
        { label: "Filters", href: at("/filters"), count: "filters", needs: "filter:read" },
        {
          label: "Shared hosts & accounts",
          href: at("/shared"),
          count: "openSuggestions",
          calls: "to decide",
          needs: "session:read",
        },
      ],
    },
    {
      label: "Customer",
      items: [
        { label: "Sites", href: at("/sites"), count: "sites" },
        { label: "Hand-over pack", href: at("/handover"), needs: "source:read" },
        { label: "Audit", href: at("/audit"), needs: "audit:read" },
        { label: "Settings", href: at("/settings"), needs: "customer:read" },
        ...(isSettingUp ? [] : [setUp]),
      ],
    },
  ];
}

/**
 * The same kind of page at another customer: `/c/a/enforcement/7` gives `/c/b/enforcement`.
 * Shape: object ids and queries are dropped; a practice page leads to the customer's overview.
 */
export function samePageAt(pathname: string, slug: string): string {
  const match = /^\/c\/[^/]+(?:\/([a-z-]+))?/.exec(pathname);
  const page = match?.[1];
  return page === undefined ? `/c/${slug}` : `/c/${slug}/${page}`;
}

/** What is left of the navigation for somebody with these rights; groups without a page go too. */
export function allowedNav(
  groups: readonly NavGroup[],
  may: (permission: string) => boolean,
): readonly NavGroup[] {
  return groups
    .map((group) => ({
      ...group,
      items: group.items.filter((item) => item.needs === undefined || may(item.needs)),
    }))
    .filter((group) => group.items.length > 0);
}
