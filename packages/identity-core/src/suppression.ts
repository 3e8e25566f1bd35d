import type { IpSet } from "./ip-range.ts";
import { isNeverASession } from "./ip-range.ts";
import type { Observation } from "./observation.ts";

/** A pattern of the customer's, compiled outside by the linear-time engine. */
export interface NameRule {
  readonly id: string;
  matches(text: string): boolean;
}

export interface SuppressionRules {
  /** Empty set: no restriction. */
  readonly ipInclude: IpSet;
  readonly ipExclude: IpSet;
  /** Agents, domain controllers, proxies, firewalls: addresses that are infrastructure. */
  readonly infrastructure?: IpSet;
  readonly principalExclude: readonly NameRule[];
  readonly dnExclude: readonly NameRule[];
  /** Our own service accounts, `domain\name` in lower case. */
  readonly ownAccounts?: ReadonlySet<string>;
}

export interface SuppressionContext {
  /** Distinguished name, where the directory knows the principal. */
  readonly dn?: string;
  /** Other spellings of it that the directory knows: a rule that says one of them means it, however the source wrote it. */
  readonly spellings?: readonly string[];
  readonly objectClass?: "user" | "computer" | "managed-service-account" | "trust";
}

export type Suppressed =
  | { readonly kind: "kept"; readonly observation: Observation }
  /** `rule`: the id of the customer's rule, or a built-in one: "never-a-session", "well-known-sid", … */
  | { readonly kind: "kept-back"; readonly rule: string };

const WELL_KNOWN_SIDS = new Set(["s-1-0-0", "s-1-5-7", "s-1-5-17", "s-1-5-18", "s-1-5-19", "s-1-5-20"]);
const WELL_KNOWN_SID_PREFIXES = ["s-1-5-90-", "s-1-5-96-"];
/** For sources that give no SID: the names as shipped languages write them. */
const WELL_KNOWN_NAMES = new Set([
  "anonymous logon",
  "anonymous-anmeldung",
  "system",
  "local service",
  "lokaler dienst",
  "network service",
  "netzwerkdienst",
  "système",
  "service local",
  "service réseau",
  "sistema",
  "servicio local",
  "servicio de red",
  "iusr",
]);
const PRODUCT_ACCOUNT =
  /^(krbtgt(_\d+)?|azureadssoacc\$|msol_[0-9a-f]+|aad_[0-9a-f]+|healthmailbox[0-9a-f]*|sm_[0-9a-f]+)$/;

/**
 * Decides, at receipt and in this order, what never becomes a session: addresses, then names, then DNs.
 *
 * Shape:  an `end` is never kept back for its name: ending too much is safe, naming the wrong user is not.
 *         A computer account (`NAME$`) becomes a device observation with the `$` cut off.
 * Source: the session law (4) and (14).
 */
export function createSuppression(
  rules: SuppressionRules,
): (observation: Observation, context?: SuppressionContext) => Suppressed {
  return (observation, context = {}) => {
    const keptBack = (rule: string): Suppressed => ({ kind: "kept-back", rule });
    if (isNeverASession(observation.ip)) return keptBack("never-a-session");
    if (rules.ipExclude.has(observation.ip)) return keptBack("ip-exclude");
    if (!rules.ipInclude.isEmpty && !rules.ipInclude.has(observation.ip)) return keptBack("ip-include");
    if (rules.infrastructure?.has(observation.ip)) return keptBack("infrastructure");
    const { principal } = observation;
    if (observation.verb === "end" || principal === null) return { kind: "kept", observation };

    const sid = principal.sid?.toLowerCase();
    if (sid && (WELL_KNOWN_SIDS.has(sid) || WELL_KNOWN_SID_PREFIXES.some((prefix) => sid.startsWith(prefix))))
      return keptBack("well-known-sid");
    const name = (principal.name ?? principal.upn?.split("@")[0] ?? "").trim();
    const lower = name.toLowerCase();
    if (!sid && (lower === "" || lower === "-" || lower === "n/a")) return keptBack("no-name");
    if (!sid && WELL_KNOWN_NAMES.has(lower)) return keptBack("well-known-name");
    if (PRODUCT_ACCOUNT.test(lower)) return keptBack("product-account");
    if (context.objectClass === "managed-service-account") return keptBack("managed-service-account");
    if (context.objectClass === "trust") return keptBack("trust-account");
    const qualified = `${(principal.domain ?? "").toLowerCase()}\\${lower}`;
    if (rules.ownAccounts?.has(qualified)) return keptBack("own-account");
    for (const rule of rules.principalExclude)
      if (
        rule.matches(name) ||
        (principal.domain && rule.matches(`${principal.domain}\\${name}`)) ||
        (principal.upn && rule.matches(principal.upn)) ||
        context.spellings?.some((spelling) => rule.matches(spelling))
      )
        return keptBack(rule.id);
    if (context.dn)
      for (const rule of rules.dnExclude) if (rule.matches(context.dn)) return keptBack(rule.id);

    if (observation.kind === "user" && name.endsWith("$"))
      return {
        kind: "kept",
        observation: { ...observation, kind: "device", principal: { ...principal, name: name.slice(0, -1) } },
      };
    return { kind: "kept", observation };
  };
}
