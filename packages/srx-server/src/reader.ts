import { andThen } from "./and-then.ts";
import { type ListenerParts, recordRefusal } from "./listener-parts.ts";
import type { Awaitable, ServedPoint } from "./served-point.ts";
import { mayAskFrom } from "./source-address.ts";
import type { TokenRecord } from "./token-store.ts";

/** A firewall whose token holds. */
export interface Reader {
  readonly record: TokenRecord;
  readonly point: ServedPoint;
  readonly sourceIp: string;
}

const BEARER = /^bearer +(\S+) *$/i;

/** The live token of an `Authorization` header, or null. */
export function findToken(
  parts: ListenerParts,
  authorization: string | undefined,
): Awaitable<TokenRecord | null> {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (token === undefined) return null;
  return andThen(parts.tokens.find(token, parts.now()), (finding) =>
    finding.kind === "live" ? finding.record : null,
  );
}

/**
 * Says who a token speaks for, and whether it still may.
 *
 * Shape:  null when the firewall must ask for a new token, whatever the reason: none, an old one, one issued to another
 *         address, a point or secret that is gone. The reason is counted, logged, and stands on the firewall's page.
 */
export function admitReader(
  parts: ListenerParts,
  record: TokenRecord | null,
  sourceIp: string,
): Awaitable<Reader | null> {
  if (record === null) {
    parts.counters.tokensNotLive += 1;
    return null;
  }
  return andThen(parts.points.find(record.pointId, record.tenantId), (point) =>
    judge(parts, record, point, sourceIp),
  );
}

function judge(
  parts: ListenerParts,
  record: TokenRecord,
  point: ServedPoint | null,
  sourceIp: string,
): Reader | null {
  const { tenantId, pointId, secretId } = record;
  const refuse = (sentence: string): null => {
    recordRefusal(parts, point ?? undefined, sourceIp, sentence);
    return null;
  };
  if (point === null) {
    parts.tokens.forget({ tenantId, pointId });
    return refuse("its enforcement point is gone");
  }
  if (point.liveSecretIds !== undefined && !point.liveSecretIds.includes(secretId)) {
    parts.tokens.forget({ tenantId, pointId, secretId });
    return refuse("the secret behind its token is revoked");
  }
  if (record.sourceIp !== sourceIp) return refuse("its token was issued to another address");
  if (!mayAskFrom(point, sourceIp)) return refuse("not one of the addresses it may ask from");
  return { record, point: parts.learning.servedAs(point), sourceIp };
}
