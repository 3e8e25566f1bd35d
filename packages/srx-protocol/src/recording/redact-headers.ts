import { fromBase64, toBase64Url } from "../base64.ts";
import { decodeUtf8 } from "../utf8.ts";
import type { MessageHead } from "./message-reader.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import { redactTarget } from "./redact-target.ts";
import { secretKindOf, type ValueRules } from "./value-rules.ts";

/** Headers whose values say how the message is built, and nothing of anybody. */
const HARMLESS = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-ranges",
  "age",
  "allow",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "keep-alive",
  "pragma",
  "retry-after",
  "server",
  "strict-transport-security",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "vary",
  "x-content-type-options",
  "x-frame-options",
  "x-powered-by",
]);

const PRODUCT = new Set(["server", "user-agent", "x-powered-by"]);
const HOST_NAME = /[A-Za-z0-9-]\.[A-Za-z][A-Za-z0-9-]/;

/** Replaces what headers say of anybody: known harmless ones stay, all others are replaced by their name's rule. */
export function redactHeaders(
  headers: MessageHead["headers"],
  rules: ValueRules,
  names: Pseudonyms,
): [name: string, value: string][] {
  return headers.map(([name, value]) => [name, redactHeader(name.toLowerCase(), value, rules, names)]);
}

function redactHeader(name: string, value: string, rules: ValueRules, names: Pseudonyms): string {
  // A product is named, not a machine: what looks like a host name is replaced here too.
  const namesHost = PRODUCT.has(name) && HOST_NAME.test(value);
  if (HARMLESS.has(name)) return namesHost || names.knows(value.trim()) ? names.text(value) : value;
  switch (name) {
    case "date":
    case "expires":
    case "last-modified":
      return names.time(value) ?? rules.text(["date"], value);
    case "host":
      return names.text(value.replace(/:\d{1,5}$/, "")) + (/:\d{1,5}$/.exec(value)?.[0] ?? "");
    case "authorization":
    case "proxy-authorization":
      return redactAuthorization(value, names);
    case "cookie":
      return value.replace(
        /([^=;\s]+)=([^;]*)/g,
        (_, key: string, one: string) => `${key}=${names.secret("cookie", one)}`,
      );
    case "set-cookie":
      return redactSetCookie(value, rules, names);
    case "location":
    case "referer":
      return redactTarget(value, rules) ?? "";
    case "www-authenticate":
      return value.replace(/="([^"]*)"/g, (_, one: string) => `="${rules.text(["error"], one)}"`);
    default: {
      const secret = secretKindOf(name);
      return secret === null ? rules.text([name], value) : names.secret(secret, value);
    }
  }
}

function redactAuthorization(value: string, names: Pseudonyms): string {
  const [, scheme = "", credentials = ""] = /^(\S+)\s*(.*)$/.exec(value) ?? [];
  if (scheme.toLowerCase() !== "basic")
    return credentials === ""
      ? names.secret("token", scheme)
      : `${scheme} ${names.secret("token", credentials)}`;
  const bytes = fromBase64(credentials);
  const text = bytes === null ? null : decodeUtf8(bytes);
  const colon = text?.indexOf(":") ?? -1;
  if (text === null || colon < 0) return `${scheme} ${names.secret("token", credentials)}`;
  const shown = `${names.secret("client", text.slice(0, colon))}:${names.secret("secret", text.slice(colon + 1))}`;
  return `${scheme} ${base64(shown)}`;
}

function redactSetCookie(value: string, rules: ValueRules, names: Pseudonyms): string {
  return value
    .split(";")
    .map((part, index) => {
      const [, lead = "", key = "", one] = /^(\s*)([^=]*)(?:=(.*))?$/s.exec(part) ?? [];
      if (one === undefined) return part;
      if (index === 0) return `${lead}${key}=${names.secret("cookie", one)}`;
      if (/^path$/i.test(key)) return `${lead}${key}=${redactTarget(one, rules) ?? "/"}`;
      if (/^(?:max-age|samesite|version)$/i.test(key)) return part;
      return `${lead}${key}=${names.time(one) ?? names.text(one)}`;
    })
    .join(";");
}

/** Base64 with padding, of ASCII. */
function base64(text: string): string {
  const encoded = toBase64Url(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  return encoded
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .padEnd(Math.ceil(encoded.length / 4) * 4, "=");
}
