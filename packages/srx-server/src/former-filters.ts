import type { EntryFilter, EpochMs, FormerFilter } from "@rollcall/identity-core";
import type { ServedPoint } from "./served-point.ts";

interface Known {
  readonly filter: EntryFilter;
  readonly hasRoomForIpv6: boolean;
  readonly key: string;
  /** Newest last, none that says the same as another or as the present one. */
  readonly formers: readonly (FormerFilter & { readonly key: string })[];
  readonly told: readonly FormerFilter[];
}

const POINTS_MAX = 20_000;
/** Filters of one point; the oldest goes first, and what it alone showed is not taken back. */
const FORMERS_MAX = 8;

/**
 * Knows through which other filters a point was told before: what these showed is taken back with the next full resend.
 *
 * Holds    in memory, from the first batch of each point on; a restart forgets it. Which firewall of a point holds what is
 *          not known: each of its full resends takes back, and an end that a firewall never had a beginning of harms nothing.
 * Promises the same list object while nothing changes: pages are kept by it. A dark source is no other filter: whom it named
 *          is told as gone by the filter itself.
 */
export class FormerFilters {
  readonly #points = new Map<string, Known>();

  /** Notes the point's present filter, and gives the former ones. */
  of(point: ServedPoint, now: EpochMs): readonly FormerFilter[] {
    const { filter, profile } = point;
    const hasRoomForIpv6 = profile.limits.ipv6;
    const id = `${point.tenantId}\u0000${point.id}`;
    const before = this.#points.get(id);
    if (before?.filter === filter && before.hasRoomForIpv6 === hasRoomForIpv6) return before.told;
    const key = keyOf(filter);
    const formers =
      before === undefined || before.key === key
        ? (before?.formers ?? [])
        : [
            ...before.formers.filter((former) => former.key !== before.key && former.key !== key),
            { filter: withoutDark(before.filter), until: now, key: before.key },
          ].slice(-FORMERS_MAX);
    const told =
      before?.formers === formers && before.hasRoomForIpv6 === hasRoomForIpv6
        ? before.told
        : formers.map((former) => ({
            filter: hasRoomForIpv6 ? former.filter : { ...former.filter, ipv6: false },
            until: former.until,
          }));
    this.#points.delete(id);
    this.#points.set(id, { filter, hasRoomForIpv6, key, formers, told });
    for (const oldest of this.#points.keys()) {
      if (this.#points.size <= POINTS_MAX) break;
      this.#points.delete(oldest);
    }
    return told;
  }

  forget(tenantId: string, pointId: string): void {
    this.#points.delete(`${tenantId}\u0000${pointId}`);
  }
}

function withoutDark({ darkSourceIds: _, ...filter }: EntryFilter): EntryFilter {
  return filter;
}

function keyOf({ addressSpaceIds, domains, includeIp, excludeIp, ipv6 }: EntryFilter): string {
  return JSON.stringify([addressSpaceIds, domains, includeIp, excludeIp, ipv6]);
}
