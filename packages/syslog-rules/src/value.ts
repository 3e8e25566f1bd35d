import type { Normalise, RefusalReason } from "./rule-types.ts";

/** Characters that a firewall's identity tables cannot hold. Source: the JIMS guide, "Syslog Sources" (documented). */
export const FORBIDDEN_CHARACTERS = '/\\[]:;|=,*?<>@"';

const MAX_NAME = 256;
const MAX_DOMAIN = 255;
/** Written by senders where there is no name. Source: session law, "names that never become users" (documented); captured from Junos and FreeRADIUS. */
const NO_NAMES: ReadonlySet<string> = new Set([
  "",
  "-",
  "n/a",
  "not-applicable",
  "not applicable",
  "(null)",
  "none/none",
]);
/** Control characters, line and paragraph separators, bidirectional overrides, zero-width marks and the BOM: they change what a person sees. */
const INVISIBLE = /[\p{Cc}\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]/u;

export interface NameParts {
  readonly name: string;
  readonly domain: string | null;
  readonly upn: string | null;
}

export type ValueOutcome<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly message: string };

/**
 * Turns a captured name into its parts and refuses what no firewall can hold.
 *
 * Shape:  `upn` splits at the last @, `domain-user` at the first backslash (a doubled one counts as one), `dn`
 *         takes the value of the first RDN. Without the mark that it splits at, a value stays as it is.
 * Errors: `no-name`, `forbidden-character`, `value-too-long`.
 */
export function normaliseName(raw: string, normalise: Normalise): ValueOutcome<NameParts> {
  const parts = split(raw.trim(), normalise);
  if (NO_NAMES.has(parts.name.toLowerCase())) {
    return { kind: "refused", reason: "no-name", message: `"${printable(raw)}" says that there is no name` };
  }
  const name = checkText(parts.name, MAX_NAME);
  if (name.kind === "refused") return name;
  if (parts.domain !== null) {
    const domain = checkText(parts.domain, MAX_DOMAIN);
    if (domain.kind === "refused") return domain;
  }
  return { kind: "ok", value: parts };
}

/** A domain or a group: no parts, the same character rule. */
export function checkText(value: string, maxLength: number = MAX_DOMAIN): ValueOutcome<string> {
  const forbidden = [...value].find((character) => FORBIDDEN_CHARACTERS.includes(character));
  if (forbidden !== undefined) {
    const message = `"${printable(value)}" holds ${forbidden}, which firewalls do not accept: narrow the pattern or choose a way to split it`;
    return { kind: "refused", reason: "forbidden-character", message };
  }
  return checkVisible(value, maxLength);
}

/** A correlator is compared, never shown to a firewall: any visible text of bounded length. */
export function checkVisible(value: string, maxLength: number = MAX_NAME): ValueOutcome<string> {
  if (INVISIBLE.test(value)) {
    return {
      kind: "refused",
      reason: "forbidden-character",
      message: `"${printable(value)}" holds a character that cannot be seen`,
    };
  }
  if (value.length > maxLength) {
    return {
      kind: "refused",
      reason: "value-too-long",
      message: `${value.length} characters, at most ${maxLength}`,
    };
  }
  return { kind: "ok", value };
}

function split(value: string, normalise: Normalise): NameParts {
  switch (normalise) {
    case "none":
      return { name: value, domain: null, upn: null };
    case "upn": {
      const at = value.lastIndexOf("@");
      if (at <= 0 || at === value.length - 1) return { name: value, domain: null, upn: null };
      return { name: value.slice(0, at), domain: value.slice(at + 1), upn: value };
    }
    case "domain-user": {
      const at = value.indexOf("\\");
      if (at <= 0) return { name: value, domain: null, upn: null };
      return { name: value.slice(at).replace(/^\\+/, ""), domain: value.slice(0, at), upn: null };
    }
    case "dn":
      return { name: firstRdnValue(value), domain: null, upn: null };
  }
}

/** Source: RFC 4514, section 3 (documented): `\,` and `\2C` are escapes; + and , end the value. */
function firstRdnValue(dn: string): string {
  const equals = dn.indexOf("=");
  if (equals === -1) return dn;
  let value = "";
  let at = equals + 1;
  while (at < dn.length) {
    const character = dn.charAt(at);
    if (character === "," || character === "+") break;
    if (character !== "\\") {
      value += character;
      at += 1;
      continue;
    }
    const bytes = /^(?:\\[0-9a-fA-F]{2})+/.exec(dn.slice(at))?.[0];
    if (bytes === undefined) {
      value += dn.charAt(at + 1);
      at += 2;
      continue;
    }
    value += decodePairs(bytes);
    at += bytes.length;
  }
  return value.trim();
}

function decodePairs(escaped: string): string {
  try {
    return decodeURIComponent(escaped.replaceAll("\\", "%"));
  } catch {
    return "\ufffd";
  }
}

/** A text as it may stand in a message: invisible characters escaped, at most 80 characters. */
export function printable(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return escapeInvisible(short);
}

/** Each character that cannot be seen as `\u{hex}`; the rest unchanged. */
export function escapeInvisible(text: string): string {
  if (!INVISIBLE.test(text)) return text;
  let shown = "";
  for (const character of text) {
    shown += INVISIBLE.test(character) ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : character;
  }
  return shown;
}
