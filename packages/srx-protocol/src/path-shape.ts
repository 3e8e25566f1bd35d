import { decodeComponent } from "./parameters.ts";

/**
 * A path in the form it is compared in: no scheme and host, no empty segments, no leading `api`, lower case,
 * `-` written as `_`. `last` is the last segment as it was sent (percent-decoded), for addresses.
 */
export interface PathShape {
  readonly segments: readonly string[];
  readonly last: string;
}

const MAX_SEGMENTS = 64;

export function readPath(path: string): PathShape {
  const sent = withoutOrigin(path)
    .split("/", MAX_SEGMENTS)
    .filter((segment) => segment !== "")
    .map((segment) => (segment.includes("%") ? decodeComponent(segment.replaceAll("+", "%2B")) : segment));
  const segments = sent.map((segment) => segment.toLowerCase().replaceAll("-", "_"));
  if (segments[0] === "api") segments.shift();
  return { segments, last: segments.length === 0 ? "" : (sent.at(-1) ?? "") };
}

/** `https://host/a` is `/a`: the form a client uses towards a proxy. */
function withoutOrigin(path: string): string {
  const schemeEnd = path.startsWith("/") ? -1 : path.indexOf("://");
  if (schemeEnd < 0) return path;
  const slash = path.indexOf("/", schemeEnd + 3);
  return slash < 0 ? "" : path.slice(slash);
}
