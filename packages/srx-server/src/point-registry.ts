import type { AuthenticateOutcome, PointDirectory, ServedPoint } from "./served-point.ts";

/** A served point with the verifiers of its secrets: what may be kept of them. */
export interface RegisteredPoint extends ServedPoint {
  readonly secrets: readonly { readonly id: string; readonly verifier: string }[];
}

/** Answers at once, without promises. */
export interface PointRegistry extends PointDirectory {
  authenticate(claim: Parameters<PointDirectory["authenticate"]>[0]): AuthenticateOutcome;
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
 * `verifySecret` says whether a secret belongs to a verifier; it must not throw and must compare in constant time.
 */
export function createPointRegistry({
  verifySecret,
}: {
  readonly verifySecret: (secret: string, verifier: string) => boolean;
}): PointRegistry {
  let byId = new Map<string, RegisteredPoint>();
  let byClient = new Map<string, readonly RegisteredPoint[]>();

  const index = (points: Iterable<RegisteredPoint>): void => {
    byId = new Map();
    byClient = new Map();
    for (const given of points) {
      const point = { ...given, liveSecretIds: given.secrets.map(({ id }) => id) };
      byId.set(keyOf(point.tenantId, point.id), point);
      byClient.set(point.clientId, [...(byClient.get(point.clientId) ?? []), point]);
    }
  };

  return {
    setPoints: (points) => index(points),
    forget(tenantId, pointId) {
      const key = keyOf(tenantId, pointId);
      index([...byId.values()].filter((point) => keyOf(point.tenantId, point.id) !== key));
    },
    find: (pointId, tenantId) => byId.get(keyOf(tenantId, pointId)) ?? null,
    authenticate({ clientId, secret }): AuthenticateOutcome {
      const candidates = byClient.get(clientId) ?? [];
      for (const point of candidates) {
        const match = point.secrets.find(({ verifier }) => verifySecret(secret, verifier));
        if (match !== undefined) return { kind: "granted", point, secretId: match.id };
      }
      const [first] = candidates;
      if (first !== undefined) return { kind: "refused", reason: "wrong-secret", point: first };
      verifySecret(secret, NOBODY);
      return { kind: "refused", reason: "unknown-client" };
    },
  };
}

function keyOf(tenantId: string, pointId: string): string {
  return `${tenantId}\u0000${pointId}`;
}
