import type { HandoverInput } from "./handover-input.ts";

/** How every mark begins, of whichever site: groups of other packs are known by it. */
export const MARK_OF_ALL = "Made by the Rollcall hand-over of ";

/** How the names of all packs' groups of accounts begin; the first packs called theirs so and nothing more. */
export const ACCOUNT_GROUPS = "Rollcall Accounts";

/** What is left of 64 behind the longest head. */
const OWN_MAX = 64 - `${ACCOUNT_GROUPS} `.length;

/**
 * What the scripts of one pack make, by name: the undo script finds it so. No two sites of a domain share any of it.
 *
 * Shape:  at most 64 characters each (a common name takes no more), none of them refused in a `sAMAccountName`.
 */
export interface PackNames {
  /** Found again by it: nothing else is taken back. */
  readonly marker: string;
  readonly accountGroup: string;
  readonly readerGroup: string;
  readonly probeGroup: string;
  readonly rightsPolicy: string;
  readonly auditPolicy: string;
  readonly forwardingPolicy: string;
}

export function packNamesOf({
  customer,
  site,
  siteSlug,
}: Pick<HandoverInput, "customer" | "site" | "siteSlug">): PackNames {
  const own = siteSlug.replaceAll(/[^A-Za-z0-9-]/g, "").slice(0, OWN_MAX) || "site";
  return {
    // Never equal to the mark of the first packs, which was the site's name alone: their undo must not take ours.
    // With the customer: two of them may share a domain, and call a site alike. The second one's script then refuses.
    marker: `${MARK_OF_ALL}${site} (${own}), ${customer}`,
    accountGroup: `${ACCOUNT_GROUPS} ${own}`,
    readerGroup: `Rollcall Readers ${own}`,
    probeGroup: `Rollcall Probes ${own}`,
    rightsPolicy: `Rollcall ${own}: accounts that log on nowhere`,
    auditPolicy: `Rollcall ${own}: audit of logons`,
    forwardingPolicy: `Rollcall ${own}: event forwarding`,
  };
}
