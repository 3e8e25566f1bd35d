import { fromBase64 } from "./base64.ts";
import { decodeComponent, type Parameter, parseBodyParameters } from "./parameters.ts";
import { headerOf, type RawRequest, type SrxRequest, type TokenFault } from "./request.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Field sizes of the firewall's configuration. Source: Juniper's published YANG, `client-id`, `client-secret` (documented). */
const MAX_CLIENT_ID = 64;
const MAX_CLIENT_SECRET = 128;

const CREDENTIAL_KEYS = new Set([
  "client_id",
  "client_secret",
  "clientid",
  "clientsecret",
  "password",
  "username",
]);

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** True for a parameter that only a token request has. */
export function isTokenParameter(parameter: Parameter): boolean {
  return (
    parameter.key === "grant_type" || parameter.key === "client_secret" || parameter.key === "clientsecret"
  );
}

/** True for a parameter that must never stand in an address. */
export function isCredentialParameter(parameter: Parameter): boolean {
  return CREDENTIAL_KEYS.has(parameter.key);
}

/**
 * Decodes a token request.
 *
 * Shape:  credentials from a form, a JSON object or HTTP Basic. A missing `grant_type` is let pass, another grant is not.
 *         Credentials in the address are decoded as `sentBy: "query"`: whoever answers takes them only from a firewall
 *         that is being learnt, and calls them `credentials-in-query` otherwise.
 * Errors: `token-fault` with the reason: repeated parameters, two different clients, a body of another type or size.
 *         Nothing of the credentials stands in the fault.
 * Source: RFC 6749, sections 2.3.1, 3.2 and 4.4 (documented); which of the three the firewall uses is unknown.
 */
export function decodeToken(raw: RawRequest, query: readonly Parameter[]): SrxRequest {
  const isInQuery = query.some(isCredentialParameter);
  if (isInQuery && raw.body.trim() !== "") return fault("credentials-in-query");
  const basic = readBasic(headerOf(raw, "authorization"));
  if (basic === "unreadable") return fault("no-credentials");
  const body = parseBodyParameters(raw);
  if (body.kind === "unreadable") return fault("unreadable-body");
  if (body.kind === "other-type" || (body.kind === "parameters" && body.from === "xml"))
    return fault("wrong-content-type");
  const parameters = body.kind === "parameters" ? [...body.parameters, ...query] : query;
  const values = new Map<string, string>();
  for (const { name, value } of parameters) {
    if (values.has(name)) return fault("repeated-parameter");
    values.set(name, value);
  }
  const grant = values.get("grant_type");
  if (grant !== undefined && grant !== "" && grant !== "client_credentials")
    return fault("unsupported-grant");
  const clientId = values.get("client_id") ?? "";
  const clientSecret = values.get("client_secret") ?? "";
  if (isInQuery) {
    // Only what stands wholly in the address: a mixture is nobody's way of asking.
    const isWhole = basic === null && clientId !== "" && clientSecret !== "";
    return isWhole ? token({ clientId, clientSecret }, "query") : fault("credentials-in-query");
  }
  if (basic !== null) {
    const agrees =
      (clientId === "" || clientId === basic.clientId) &&
      (clientSecret === "" || clientSecret === basic.clientSecret);
    return agrees ? token(basic, "basic") : fault("two-credentials");
  }
  if (clientId === "" || clientSecret === "" || body.kind !== "parameters" || body.from === "xml")
    return fault("no-credentials");
  return token({ clientId, clientSecret }, body.from);
}

function token(credentials: Credentials, sentBy: "form" | "json" | "basic" | "query"): SrxRequest {
  const { clientId, clientSecret } = credentials;
  if (clientId.length > MAX_CLIENT_ID || clientSecret.length > MAX_CLIENT_SECRET)
    return fault("field-too-long");
  return { kind: "token", clientId, clientSecret, sentBy };
}

function fault(reason: TokenFault): SrxRequest {
  return { kind: "token-fault", fault: reason };
}

function readBasic(header: string): Credentials | "unreadable" | null {
  if (!/^basic\s/i.test(header)) return null;
  const encoded = header.slice(6).trim();
  const bytes = encoded.length > 1024 ? null : fromBase64(encoded);
  const text = bytes === null ? null : decodeUtf8(bytes);
  if (text === null) return "unreadable";
  const colon = text.indexOf(":");
  if (colon < 1 || colon === text.length - 1) return "unreadable";
  return {
    clientId: decodeComponent(text.slice(0, colon)),
    clientSecret: decodeComponent(text.slice(colon + 1)),
  };
}
