import type { EpochMs } from "@rollcall/identity-core";
import { clientTag, isReannounceDue } from "@rollcall/srx-protocol";
import type { ServedPoint } from "./served-point.ts";

const READERS_MAX = 20_000;

/**
 * Knows when each firewall was last told everything, for those that let entries age out.
 *
 * Holds a time for each point and source address, because several firewalls may share a point. The oldest goes first; a
 * restart forgets them all, and each firewall's next moment stays the same.
 */
export class ResendClock {
  readonly #lastAt = new Map<string, EpochMs>();

  /** True where a full table is due now and none has been begun since it is. */
  isDue(point: ServedPoint, sourceIp: string, now: EpochMs): boolean {
    if (point.reannounceMinutes === 0) return false;
    const lastAt = this.#lastAt.get(keyOf(point, sourceIp));
    if (lastAt === undefined) {
      this.begun(point, sourceIp, now);
      return false;
    }
    const periodMs = point.reannounceMinutes * 60_000;
    return isReannounceDue({ periodMs, tag: clientTag(point.tenantId, point.id), lastAt, now });
  }

  begun(point: ServedPoint, sourceIp: string, now: EpochMs): void {
    if (point.reannounceMinutes === 0) return;
    const key = keyOf(point, sourceIp);
    this.#lastAt.delete(key);
    this.#lastAt.set(key, now);
    if (this.#lastAt.size <= READERS_MAX) return;
    for (const oldest of this.#lastAt.keys()) {
      this.#lastAt.delete(oldest);
      break;
    }
  }
}

function keyOf(point: ServedPoint, sourceIp: string): string {
  return `${point.tenantId}\u0000${point.id}\u0000${sourceIp}`;
}
