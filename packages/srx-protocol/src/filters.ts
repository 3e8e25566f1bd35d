import { parseIpRange } from "@rollcall/identity-core/ip-range";
import type { Parameter } from "./parameters.ts";
import type { RequestWarning } from "./request.ts";

/** What a firewall asks to be limited to. Empty lists: no limit. Domains in lower case; addresses as CIDR, `a-b` or single. */
export interface RequestFilter {
  readonly domains: readonly string[];
  readonly includeIp: readonly string[];
  readonly excludeIp: readonly string[];
}

export const NO_FILTER: RequestFilter = { domains: [], includeIp: [], excludeIp: [] };

/** Source: Juniper's published YANG says 20 domains of at most 64 characters, the JIMS guide 25 (documented). */
const MAX_DOMAINS = 25;
const DOMAIN = /^[A-Za-z0-9._-]{1,64}$/;
/** Address books are expanded by the firewall, so the list can be long; no number is published. */
const MAX_RANGES = 1000;
const MAX_WARNINGS = 20;

/**
 * Reads the filters of a query: any parameter with `incl`, `excl` or `dom` in its name (see `aimOf`), repeated or as a list.
 *
 * Shape:  values in the order given, without repeats. A list that is too long is passed over as a whole: half of an
 *         include list would hide addresses that were asked for.
 * Errors: none; what is not understood is passed over with a warning that holds no value.
 * Source: docs/protocol/srx-query.md, "filters" (that they are sent is documented; names and form are unknown).
 */
export function decodeFilters(parameters: readonly Parameter[]): {
  readonly filter: RequestFilter;
  readonly warnings: readonly RequestWarning[];
} {
  const domains = new Set<string>();
  const includeIp = new Set<string>();
  const excludeIp = new Set<string>();
  const warnings: RequestWarning[] = [];
  const warn = (parameter: string, reason: string): void => {
    if (warnings.length < MAX_WARNINGS)
      warnings.push({ kind: "filter-ignored", parameter: parameter.slice(0, 64), reason });
  };
  for (const { key, value } of parameters) {
    const aim = aimOf(key);
    if (aim === null) continue;
    for (const item of splitList(value)) {
      const range = aim === "domain" ? null : readRange(item);
      if (range !== null) (aim === "include" ? includeIp : excludeIp).add(range);
      else if (aim !== "exclude" && NAMES_DOMAIN.test(key) && DOMAIN.test(item))
        domains.add(item.toLowerCase());
      else warn(key, aim === "domain" ? "not a domain name" : "not an address, prefix or range");
    }
  }
  const within = (name: string, values: ReadonlySet<string>, most: number): readonly string[] => {
    if (values.size <= most) return [...values];
    warn(name, `more than ${most} values`);
    return [];
  };
  const filter = {
    domains: within("domain", domains, MAX_DOMAINS),
    includeIp: within("include", includeIp, MAX_RANGES),
    excludeIp: within("exclude", excludeIp, MAX_RANGES),
  };
  return { filter, warnings };
}

/** `dom` as a word of its own or `domain` anywhere: `random=1`, a common way round caches, is no filter, nor is the name of a logical system. */
const NAMES_DOMAIN = /^(?!.*logical).*(?:domain|(?:^|_)doms?(?:_|$))/;

function aimOf(key: string): "include" | "exclude" | "domain" | null {
  if (key.length > 64) return null;
  if (key.includes("excl")) return "exclude";
  if (key.includes("incl")) return "include";
  return NAMES_DOMAIN.test(key) ? "domain" : null;
}

/** Commas, semicolons and blanks part values; `a - b` is one. */
function splitList(value: string): readonly string[] {
  const items: string[] = [];
  let joinsNext = false;
  for (const piece of value.split(/[,;\s]/)) {
    if (piece === "") continue;
    const previous = items.at(-1);
    if (piece === "-" && previous !== undefined) joinsNext = true;
    else if (joinsNext && previous !== undefined) {
      items[items.length - 1] = `${previous}-${piece}`;
      joinsNext = false;
    } else items.push(piece);
  }
  return items;
}

/** The text in one spelling if it is an address, a prefix, a mask or a range; else null. */
function readRange(item: string): string | null {
  return item.length > 100 || parseIpRange(item) === null ? null : item.toLowerCase();
}
