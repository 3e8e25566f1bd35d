export type TokenStyle = "form" | "json" | "basic";

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface TokenRequest {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * Writes the token request. Which way an SRX writes it is not public; a server must accept all three.
 *
 * Source: srx-protocol 2 and 13 row 1 (assumed); RFC 6749 sections 2.3.1 and 4.4.2.
 */
export function writeTokenRequest(style: TokenStyle, { clientId, clientSecret }: Credentials): TokenRequest {
  switch (style) {
    case "form": {
      const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
      return {
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(form).toString(),
      };
    }
    case "json":
      return {
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          grant_type: "client_credentials",
          client_id: clientId,
          client_secret: clientSecret,
        }),
      };
    case "basic": {
      const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
      return {
        headers: {
          authorization: `Basic ${Buffer.from(pair, "utf8").toString("base64")}`,
          "content-type": "application/x-www-form-urlencoded",
        },
        body: "grant_type=client_credentials",
      };
    }
  }
}

export type TokenAnswer =
  | { readonly kind: "token"; readonly value: string; readonly lifetimeMs: number | null }
  | { readonly kind: "malformed"; readonly reason: string };

/**
 * Reads a granted token.
 *
 * Units:  `expires_in` is in seconds, a number or digits as text; `null` when absent: then a 401 tells.
 * Source: RFC 6749 section 5.1; srx-protocol 2 (assumed).
 */
export function readTokenAnswer(body: string): TokenAnswer {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return { kind: "malformed", reason: "the token answer is not JSON" };
  }
  if (typeof document !== "object" || document === null)
    return { kind: "malformed", reason: "the token answer is not a JSON object" };
  const fields = document as Record<string, unknown>;
  const value = fields.access_token;
  if (typeof value !== "string" || value === "" || !/^[\x21-\x7e]+$/.test(value))
    return { kind: "malformed", reason: "the token answer has no access_token" };
  const seconds = Number(fields.expires_in);
  const hasLifetime = fields.expires_in !== undefined && Number.isFinite(seconds) && seconds > 0;
  return { kind: "token", value, lifetimeMs: hasLifetime ? seconds * 1000 : null };
}

/** What the server says about a refusal (RFC 6749 section 5.2), for the message to a person. */
export function readRefusal(body: string): string | null {
  try {
    const fields = JSON.parse(body) as Record<string, unknown> | null;
    const parts = [fields?.error, fields?.error_description].filter((part) => typeof part === "string");
    return parts.length > 0 ? parts.join(": ").slice(0, 200) : null;
  } catch {
    return null;
  }
}
