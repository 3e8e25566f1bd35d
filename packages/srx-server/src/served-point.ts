import type { EntryFilter } from "@rollcall/identity-core";
import type { ProfileId } from "@rollcall/srx-protocol";

/** One firewall, or a subnet of firewalls that share a client, as its listener needs to know it. Immutable: a change is another object. */
export interface ServedPoint {
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  /** Where it may ask from: address, CIDR or range. Empty: anywhere. */
  readonly sourceAddresses: readonly string[];
  readonly filter: EntryFilter;
  readonly profile: ProfileId;
  readonly tokenTtlSeconds: number;
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
