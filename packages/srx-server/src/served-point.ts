import type { EntryFilter, EpochMs } from "@rollcall/identity-core";
import type { SrxProfile } from "@rollcall/srx-protocol";

/** One firewall, or a subnet of firewalls that share a client, as its listener needs to know it. Immutable: a change is another object. */
export interface ServedPoint {
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  /** Where it may ask from: address, CIDR or range. Empty: anywhere. */
  readonly sourceAddresses: readonly string[];
  readonly filter: EntryFilter;
  readonly profile: SrxProfile;
  readonly tokenTtlSeconds: number;
  /** Addresses it may report logons for; empty: none. */
  readonly mayReport: readonly string[];
  /** Tries the next profile while the firewall shows that it did not understand: until then (epoch ms); null: off. */
  readonly learnUntil: EpochMs | null;
  /** The customer's own profiles, which learning tries after the built-in ones. */
  readonly otherProfiles?: readonly SrxProfile[];
  /** It is told every entry again after so many minutes; 0: never. */
  readonly reannounceMinutes: number;
  /** Ids of the secrets still valid: a token got with another one is refused from then on. Absent: not checked. */
  readonly liveSecretIds?: readonly string[];
}

export type RefusalReason = "unknown-client" | "wrong-secret" | "source-address" | "disabled";

export type AuthenticateOutcome =
  | { readonly kind: "granted"; readonly point: ServedPoint; readonly secretId: string }
  | {
      readonly kind: "refused";
      readonly reason: RefusalReason;
      /** Whose client id it was, where that is known: so that its page can say why. */
      readonly point?: ServedPoint;
    };

export type Awaitable<T> = T | Promise<T>;

/**
 * Knows who may ask.
 *
 * `find` is called for every query and decides whether the point is still served: null from the moment it is
 * removed. An implementation that answers without a promise saves the hot path a turn of the event loop.
 */
export interface PointDirectory {
  authenticate(claim: {
    readonly clientId: string;
    readonly secret: string;
    readonly sourceIp: string;
  }): Awaitable<AuthenticateOutcome>;
  find(pointId: string, tenantId: string): Awaitable<ServedPoint | null>;
}
