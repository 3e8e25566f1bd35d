import { utf8Length } from "./utf8.ts";

/** One answer, ready to be written: headers in the order they go on the wire. */
export interface SrxResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/**
 * Builds an answer with the headers every answer has, in their fixed order, then the extra ones.
 * `bodyBytes` is the body's length in UTF-8, for whoever knows it already: counting a large body takes as long as joining it.
 * Source: docs/protocol/srx-query.md, "the answer on the wire" (assumed, but for the reason phrase, which the firewall prints).
 */
export function respond(
  status: number,
  reason: string,
  contentType: string,
  body: string,
  extra: readonly (readonly [string, string])[] = [],
  bodyBytes = utf8Length(body),
): SrxResponse {
  return {
    status,
    reason,
    headers: [
      ["Content-Type", contentType],
      ["Content-Length", String(bodyBytes)],
      ["Cache-Control", "no-store"],
      ["Connection", "keep-alive"],
      ...extra,
    ],
    body,
  };
}

/** The answer as text, byte for byte what goes on the wire once encoded as UTF-8. */
export function renderResponse(response: SrxResponse): string {
  const lines = response.headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${response.status} ${response.reason}\r\n${lines.join("")}\r\n${response.body}`;
}
