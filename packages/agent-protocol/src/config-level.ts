import type { SiteConfig } from "./site-config.ts";

/**
 * Which fields of a configuration an agent knows. It says so when it asks (`level=`); one that says nothing is of level 1.
 * A configuration with a field that it does not know is refused by an agent as a whole, so the gateway leaves those out.
 *
 *   1  everything up to marks by address
 *   2  `hostMarks`; `settings.detection.remoteDesktopAt`, `.suggestAccountsUntil`, `.exemptGroups`; the event rule `event:4779`;
 *      `settings.eventRulesOff`, which an older agent is told source by source; `shares`; `pcProbe.onEventWithoutUser`
 */
export const CONFIG_LEVEL = 2;

/** Event rules that came after level 1. */
const RULES_OF_LEVEL_2: readonly string[] = ["event:4779"];

/** What a level 1 agent takes of them. */
const RULES_MAX = 100;

/** The configuration without what an agent of that level does not know. */
export function configForLevel(config: SiteConfig, level: number): unknown {
  if (level >= CONFIG_LEVEL) return config;
  const { hostMarks: _marks, settings: ofCustomer, eventSources, wefReceiver, pcProbe, ...rest } = config;
  const { eventRulesOff, ...settings } = ofCustomer;
  const {
    remoteDesktopAt: _at,
    suggestAccountsUntil: _until,
    exemptGroups: _groups,
    ...detection
  } = settings.detection;
  return {
    ...rest,
    settings: { ...settings, detection },
    eventSources: eventSources.map(({ shares: _shares, ...source }) => withOldRules(source, eventRulesOff)),
    wefReceiver: wefReceiver && withOldRules(wefReceiver, eventRulesOff),
    pcProbe: pcProbe && withoutNewReasons(pcProbe),
  };
}

function withoutNewReasons({
  onEventWithoutUser: _on,
  ...probe
}: NonNullable<SiteConfig["pcProbe"]>): object {
  return probe;
}

function withOldRules<
  S extends { readonly rulesOff: readonly string[]; readonly rulesOn: readonly string[] },
>(source: S, offForAll: readonly string[]): S {
  const known = (rules: readonly string[]) => rules.filter((rule) => !RULES_OF_LEVEL_2.includes(rule));
  return {
    ...source,
    rulesOff: known([...new Set([...offForAll, ...source.rulesOff])]).slice(0, RULES_MAX),
    rulesOn: known(source.rulesOn.filter((rule) => !offForAll.includes(rule))),
  };
}
