import { parseUrlEncoded } from "./parameters.ts";
import { headerOf, type RawRequest } from "./request.ts";

/** A request kept for study, without what would let anybody in. */
export interface RedactedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const REDACTED = "[redacted]";
const SECRET_NAME =
  /secret|passw|pwd|token|authori[sz]ation|credential|api[_-]?key|^cookie$|^set-cookie$|bearer|client_id/i;
const MAX_SHOWN = 2048;

/**
 * Gives a request without secrets: values of parameters, headers and body fields whose name speaks of a secret are
 * replaced; a body that is neither form nor JSON is told by its length alone.
 *
 * Units:  target, each header and the body are cut at 2048 characters.
 * Errors: none thrown.
 */
export function redactRequest(raw: RawRequest): RedactedRequest {
  const query = raw.query === "" ? "" : `?${redactParameters(raw.query)}`;
  const headers = Object.keys(raw.headers)
    .slice(0, 64)
    .map(
      (name) =>
        [
          name.slice(0, 128),
          SECRET_NAME.test(name) ? REDACTED : headerOf(raw, name).slice(0, MAX_SHOWN),
        ] as const,
    );
  return {
    method: raw.method.slice(0, 16),
    target: `${raw.path}${query}`.slice(0, MAX_SHOWN),
    headers,
    body: redactBody(raw.body).slice(0, MAX_SHOWN),
  };
}

function redactParameters(text: string): string {
  const parameters = parseUrlEncoded(text);
  if (parameters === null) return "[too many parameters]";
  return parameters
    .map(({ name, value }) => `${name}=${SECRET_NAME.test(name) ? REDACTED : value}`)
    .join("&");
}

function redactBody(body: string): string {
  const text = body.trim();
  if (text === "") return "";
  if (text.startsWith("{")) {
    try {
      return JSON.stringify(JSON.parse(text), (key, value: unknown) =>
        SECRET_NAME.test(key) ? REDACTED : value,
      );
    } catch {
      return `[${body.length} characters that are not JSON]`;
    }
  }
  return /^[^<\s]{1,256}=/.test(text) ? redactParameters(text) : `[${body.length} characters]`;
}
