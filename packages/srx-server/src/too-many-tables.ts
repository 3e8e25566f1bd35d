import type { SrxResponse } from "@rollcall/srx-protocol";
import { respond } from "@rollcall/srx-protocol/response";

/**
 * A firewall that begins the whole table again and again. Not 503: nothing is wrong here, and its other server would be
 * asked the same way. Source: RFC 6585, section 4 (documented); that a firewall honours the time is assumed.
 */
export function tooManyTables(retryAfterSeconds: number): SrxResponse {
  const body = JSON.stringify({
    error: "temporarily_unavailable",
    error_description: "the table was begun too often",
  });
  return respond(429, "Too Many Requests", "application/json", body, [
    ["Retry-After", String(retryAfterSeconds)],
  ]);
}
