import type { SiteConfig } from "@rollcall/agent-protocol";
import { PROBE_SOURCE_ID } from "@rollcall/collectors/pc-probe";
import type { GroupFilter, GroupNaming } from "@rollcall/directory-graph";
import {
  compileMarks,
  createIpSet,
  createSuppression,
  type DetectionSettings,
  type MarkRules,
  type NameRule,
  type Observation,
  type PrincipalFacts,
  type Suppressed,
  type SuppressionContext,
} from "@rollcall/identity-core";
import { compilePattern } from "@rollcall/syslog-rules";

/** What a site's configuration says of observations and groups, compiled. */
export interface SiteRules {
  suppress(observation: Observation, context: SuppressionContext): Suppressed;
  /** Names of the rules by which the customer's filters keep something back; empty: there are no such filters. */
  readonly filterRules: ReadonlySet<string>;
  /** Which groups an entry may list. */
  readonly groupFilter: GroupFilter;
  /** Facts as firewalls may be told them. */
  narrow(facts: PrincipalFacts): PrincipalFacts;
  /** Addresses and computers with more than one person behind them, as somebody said. */
  readonly marks: MarkRules;
  /** How such addresses, and service accounts, are found by what they do. */
  readonly detection: DetectionSettings;
  /** Sources of this site, firewalls that report among them: only for them may it say that somebody left. */
  readonly sourceIds: ReadonlySet<string>;
}

type RulesSource = Pick<
  SiteConfig,
  "filters" | "directories" | "addressMarks" | "syslogSources" | "enforcementPoints"
> &
  Partial<Pick<SiteConfig, "eventSources" | "wefReceiver" | "pcProbe" | "hostMarks">> & {
    readonly settings: Pick<
      SiteConfig["settings"],
      "dropUsersWithoutIncludedGroup" | "deviceLifetimeMinutes" | "detection"
    > &
      Partial<Pick<SiteConfig["settings"], "infrastructure">>;
  };

/**
 * Compiles the filters of a configuration.
 *
 * Errors: none; an expression that does not compile was refused when the configuration was checked, and matches
 *         nothing here.
 * Source: semantics 14: addresses, then names and DNs, at receipt; groups reduce what an entry lists.
 */
export function compileSiteRules(site: RulesSource): SiteRules {
  const ranges = (kind: "ip-include" | "ip-exclude"): string[] =>
    site.filters.flatMap((filter) => (filter.kind === kind ? [filter.range] : []));
  const names = (kind: "principal-exclude" | "dn-exclude"): NameRule[] =>
    site.filters.flatMap((filter) => (filter.kind === kind ? [ruleOf(filter.id, filter.pattern)] : []));
  const groups = site.filters.flatMap((filter) =>
    filter.kind === "group-include"
      ? [{ rule: ruleOf(filter.id, filter.pattern), domain: filter.domain?.toLowerCase() ?? null }]
      : [],
  );
  const dropsOthers = groups.length > 0 && site.settings.dropUsersWithoutIncludedGroup;
  const infrastructure = createIpSet(site.settings.infrastructure ?? []);
  const suppress = createSuppression({
    ipInclude: createIpSet(ranges("ip-include")),
    ipExclude: createIpSet(ranges("ip-exclude")),
    infrastructure,
    principalExclude: names("principal-exclude"),
    dnExclude: names("dn-exclude"),
  });
  const deviceLifetimeMs = site.settings.deviceLifetimeMinutes * 60_000;
  return {
    suppress(observation, context) {
      const outcome = suppress(observation, context);
      // A device's session has a lifetime of its own, whichever source named it.
      if (outcome.kind === "kept-back" || outcome.observation.kind === "user") return outcome;
      return { kind: "kept", observation: { ...outcome.observation, lifetimeMs: deviceLifetimeMs } };
    },
    filterRules: new Set([
      ...(infrastructure.isEmpty ? [] : ["infrastructure"]),
      ...site.filters.flatMap(({ id, kind }) => {
        if (kind === "group-include") return [];
        return [kind === "ip-include" || kind === "ip-exclude" ? kind : id];
      }),
    ]),
    groupFilter:
      groups.length === 0
        ? () => true
        : (group) =>
            groups.some(
              ({ rule, domain }) =>
                (domain === null || isOfDomain(group, domain, site)) && rule.matches(group.name),
            ),
    narrow: dropsOthers
      ? (facts) => (facts.kind === "user" && facts.groups.length === 0 ? { ...facts, enabled: false } : facts)
      : (facts) => facts,
    marks: compileMarks(site.addressMarks, site.hostMarks),
    detection: site.settings.detection,
    sourceIds: new Set(
      [
        ...site.directories,
        ...site.syslogSources,
        ...(site.eventSources ?? []),
        ...(site.wefReceiver ? [site.wefReceiver] : []),
        ...(site.pcProbe ? [{ id: PROBE_SOURCE_ID }] : []),
        ...site.enforcementPoints.filter(({ mayReport }) => mayReport.length > 0),
      ].map(({ id }) => id),
    ),
  };
}

/** Nothing is configured: only what never is a session is kept back. */
export const OPEN_RULES: SiteRules = compileSiteRules({
  filters: [],
  directories: [],
  syslogSources: [],
  enforcementPoints: [],
  addressMarks: [],
  settings: {
    dropUsersWithoutIncludedGroup: false,
    deviceLifetimeMinutes: 1440,
    detection: {
      mode: "off",
      suggestServiceAccountAt: 10,
      suppressServiceAccountAt: 25,
      multiUserAt: 3,
      natAt: 5,
      remoteDesktopAt: 2,
      exempt: [],
      exemptGroups: [],
    },
  },
});

/** A domain is named by its DNS name, by the NetBIOS name that is configured, or by the one it has by default. */
function isOfDomain(group: GroupNaming, domain: string, site: RulesSource): boolean {
  const dns = group.domain.toLowerCase();
  if (domain === dns || domain === dns.split(".")[0]) return true;
  return site.directories.some(
    (directory) =>
      directory.domain?.toLowerCase() === dns && directory.netbiosDomain?.toLowerCase() === domain,
  );
}

function ruleOf(id: string, pattern: string): NameRule {
  const outcome = compilePattern(pattern, { ignoreCase: true });
  if (outcome.kind === "refused") return { id, matches: () => false };
  return { id, matches: (text) => outcome.pattern.matches(text) };
}
