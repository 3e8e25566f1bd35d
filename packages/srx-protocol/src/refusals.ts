import type { TokenFault } from "./request.ts";
import { respond, type SrxResponse } from "./response.ts";

const JSON_TYPE = "application/json";

function json(value: unknown): string {
  return JSON.stringify(value);
}

/** Wrong client id or secret, and every other reason that is none of the asker's business. Source: RFC 6749, section 5.2 (documented). */
export const wrongClient: SrxResponse = respond(
  401,
  "Unauthorized",
  JSON_TYPE,
  json({ error: "invalid_client", error_description: "unknown client or wrong secret" }),
  [["WWW-Authenticate", 'Basic realm="jims"']],
);

/** Token missing, expired, revoked or used from another address. Source: RFC 6750, section 3 (documented); that the firewall then asks anew is assumed. */
export const invalidToken: SrxResponse = respond(
  401,
  "Unauthorized",
  JSON_TYPE,
  json({ error: "invalid_token" }),
  [["WWW-Authenticate", 'Bearer error="invalid_token"']],
);

const FAULT_TEXT: Readonly<Record<TokenFault, string>> = {
  "no-credentials": "client_id and client_secret are missing",
  "credentials-in-query": "credentials belong in the body or the Authorization header, never in the address",
  "repeated-parameter": "a parameter is repeated",
  "two-credentials": "body and Authorization header name different clients",
  "unreadable-body": "the body cannot be read",
  "wrong-content-type": "the body is neither a form nor JSON",
  "field-too-long": "client_id or client_secret is too long",
  "unsupported-grant": "only client_credentials is served",
};

/** A token request that is malformed. Source: RFC 6749, section 5.2 (documented). */
export function malformedToken(fault: TokenFault): SrxResponse {
  const error = fault === "unsupported-grant" ? "unsupported_grant_type" : "invalid_request";
  return respond(400, "Bad Request", JSON_TYPE, json({ error, error_description: FAULT_TEXT[fault] }));
}

/** Too many wrong secrets for one client from one address. Source: RFC 6585, section 4 (documented). */
export function tooManyFailures(retryAfterSeconds: number): SrxResponse {
  const body = json({ error: "temporarily_unavailable", error_description: "too many failed attempts" });
  return respond(429, "Too Many Requests", JSON_TYPE, body, [["Retry-After", String(retryAfterSeconds)]]);
}

/** Not able to answer now. The firewall counts an error and may go to its other server. Source: RFC 9110, section 15.6.4 (documented). */
export function unavailable(retryAfterSeconds: number): SrxResponse {
  return respond(503, "Service Unavailable", JSON_TYPE, json({ error: "temporarily_unavailable" }), [
    ["Retry-After", String(retryAfterSeconds)],
  ]);
}

export const methodNotAllowed: SrxResponse = respond(
  405,
  "Method Not Allowed",
  JSON_TYPE,
  json({ error: "method_not_allowed" }),
  [["Allow", "GET, POST, PUT"]],
);

export const bodyTooLarge: SrxResponse = respond(
  413,
  "Content Too Large",
  JSON_TYPE,
  json({ error: "body_too_large" }),
);
