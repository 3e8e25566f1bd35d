import {
  malformedToken,
  type SrxResponse,
  type TokenRequest,
  tooManyFailures,
  wrongClient,
} from "@rollcall/srx-protocol";
import { type ListenerParts, recordRefusal } from "./listener-parts.ts";
import type { AuthenticateOutcome, PointDirectory, RefusalReason } from "./served-point.ts";
import { mayAskFrom } from "./source-address.ts";
import { transportWarning } from "./tls-settings.ts";

const REFUSAL_SENTENCE: Readonly<Record<RefusalReason, string>> = {
  "unknown-client": "unknown client id",
  "wrong-secret": "wrong secret",
  "source-address": "not one of the addresses it may ask from",
  disabled: "turned off",
};

/** So long until a firewall should try again when strangers have filled the queue of slow checks. */
const BUSY_SECONDS = 2;

/**
 * Answers a token request.
 *
 * Shape:  every refusal looks the same to the asker; the reason stands in the log and on the firewall's page.
 * Errors: what the directory of points throws is thrown on.
 * Source: RFC 6749, sections 4.4 and 5 (documented).
 */
export async function answerToken(
  parts: ListenerParts,
  request: TokenRequest,
  sourceIp: string,
  transport: string,
): Promise<SrxResponse> {
  const { clientId } = request;
  const waitMs = parts.throttle.waitMs(clientId, sourceIp, parts.now());
  if (waitMs > 0) {
    parts.counters.throttled += 1;
    return tooManyFailures(Math.ceil(waitMs / 1000));
  }
  const outcome = await authenticate(parts.points, { clientId, secret: request.clientSecret, sourceIp });
  if (outcome === "busy") {
    parts.counters.throttled += 1;
    return tooManyFailures(BUSY_SECONDS);
  }
  const now = parts.now();
  // In the address, credentials end up in the logs of whatever stands between: only while a firewall is being learnt.
  if (request.sentBy === "query" && !(outcome.point?.learnUntil != null && outcome.point.learnUntil > now)) {
    if (outcome.kind === "refused") parts.throttle.failed(clientId, sourceIp, now);
    recordRefusal(parts, outcome.point, sourceIp, "credentials in the address, which only learn mode takes");
    return malformedToken("credentials-in-query");
  }
  const refusal = refusalOf(outcome, sourceIp);
  if (outcome.kind === "refused" || refusal !== null) {
    parts.throttle.failed(clientId, sourceIp, now);
    recordRefusal(parts, outcome.point, sourceIp, REFUSAL_SENTENCE[refusal ?? "disabled"]);
    return wrongClient;
  }
  const { secretId } = outcome;
  const point = parts.learning.servedAs(outcome.point);
  const { profile } = point;
  const { tenantId, id: pointId } = point;
  const isLearning = point.learnUntil !== null && point.learnUntil > now;
  if (request.sentBy !== "query" && !isLearning && !profile.token.accept.includes(request.sentBy)) {
    recordRefusal(parts, point, sourceIp, `its profile does not take credentials by ${request.sentBy}`);
    return malformedToken("wrong-content-type");
  }
  const ttlSeconds = Math.min(point.tokenTtlSeconds, profile.token.ttlSecondsMax ?? point.tokenTtlSeconds);
  parts.throttle.succeeded(clientId, sourceIp);
  const token = await parts.tokens.issue({
    tenantId,
    pointId,
    sourceIp,
    secretId,
    ttlSeconds,
    now,
    format: profile.token.format,
  });
  parts.counters.tokens += 1;
  const isNewSource = parts.contacts.token(point, sourceIp, now, transport);
  if (isNewSource)
    parts.log.warn(
      { enforcementPointId: pointId, tenantId, peer: sourceIp },
      "a firewall's secret was used from an address that it had never been used from",
    );
  const warning = transportWarning(transport);
  if (warning !== null)
    parts.log.warn({ enforcementPointId: pointId, tenantId, peer: sourceIp, transport }, warning);
  parts.log.info(
    { enforcementPointId: pointId, tenantId, peer: sourceIp, transport, kind: request.sentBy },
    "token issued to a firewall",
  );
  return profile.encodeToken(token, ttlSeconds);
}

/** Too many slow checks at once is an answer to the asker, not a fault of ours. */
async function authenticate(
  points: PointDirectory,
  claim: Parameters<PointDirectory["authenticate"]>[0],
): Promise<AuthenticateOutcome | "busy"> {
  try {
    return await points.authenticate(claim);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "too-many-secret-checks") return "busy";
    throw error;
  }
}

function refusalOf(outcome: AuthenticateOutcome, sourceIp: string): RefusalReason | null {
  if (outcome.kind === "refused") return outcome.reason;
  return mayAskFrom(outcome.point, sourceIp) ? null : "source-address";
}
