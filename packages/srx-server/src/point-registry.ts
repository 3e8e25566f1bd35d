import { andThen } from "./and-then.ts";
import { findSecret } from "./find-secret.ts";
import type { AuthenticateOutcome, Awaitable, PointDirectory, ServedPoint } from "./served-point.ts";

/** A served point with the verifiers of its secrets: what may be kept of them. */
export interface RegisteredPoint extends ServedPoint {
  readonly secrets: readonly { readonly id: string; readonly verifier: string }[];
}

/** Answers at once, without promises, but for a secret whose check takes its time on purpose. */
export interface PointRegistry extends PointDirectory {
  find(pointId: string, tenantId: string): ServedPoint | null;
  /** Replaces the whole list. A point or secret that is no longer in it is refused from the next request on. */
  setPoints(points: readonly RegisteredPoint[]): void;
  /** Takes one point away. */
  forget(tenantId: string, pointId: string): void;
}

/** Checked where there is no such client, so that the answer takes as long as for one that exists. */
const NOBODY = "s1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/**
 * A directory of points held in memory: an agent's configuration, or a gateway's copy of it.
 *
 * `verifySecret` says whether a secret belongs to a verifier, in constant time. Where it cannot say now it rejects with
 * a `code` of "too-many-secret-checks", and the asker is told to come again.
 */
export function createPointRegistry({
  verifySecret,
}: {
  readonly verifySecret: (secret: string, verifier: string) => Awaitable<boolean>;
}): PointRegistry {
  /** By customer, then by id: a look-up for every question makes no text. */
  let byId = new Map<string, Map<string, RegisteredPoint>>();
  let byClient = new Map<string, readonly RegisteredPoint[]>();

  const index = (points: Iterable<RegisteredPoint>): void => {
    byId = new Map();
    byClient = new Map();
    for (const given of points) {
      const point = { ...given, liveSecretIds: given.secrets.map(({ id }) => id) };
      const ofTenant = byId.get(point.tenantId) ?? new Map<string, RegisteredPoint>();
      byId.set(point.tenantId, ofTenant.set(point.id, point));
      byClient.set(point.clientId, [...(byClient.get(point.clientId) ?? []), point]);
    }
  };

  return {
    setPoints: (points) => index(points),
    forget(tenantId, pointId) {
      const all = [...byId.values()].flatMap((ofTenant) => [...ofTenant.values()]);
      index(all.filter((point) => point.tenantId !== tenantId || point.id !== pointId));
    },
    find: (pointId, tenantId) => byId.get(tenantId)?.get(pointId) ?? null,
    authenticate({ clientId, secret, sourceIp }): Awaitable<AuthenticateOutcome> {
      const candidates = byClient.get(clientId) ?? [];
      const [first] = candidates;
      if (first === undefined)
        return andThen(verifySecret(secret, NOBODY), () => ({ kind: "refused", reason: "unknown-client" }));
      const claims = candidates.flatMap((point) => point.secrets.map((kept) => ({ ...kept, point })));
      return andThen(findSecret(claims, { secret, sourceIp }, verifySecret), (found) =>
        found.kind === "found"
          ? { kind: "granted", point: found.secret.point, secretId: found.secret.id }
          : { kind: "refused", reason: found.kind, point: first },
      );
    },
  };
}
