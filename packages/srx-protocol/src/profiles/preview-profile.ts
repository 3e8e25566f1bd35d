import type { Entry, IpAddress } from "@rollcall/identity-core";
import type { SrxProfile } from "../profile.ts";
import { invalidToken } from "../refusals.ts";
import { renderResponse } from "../response.ts";

/** One question and its answer, as they stand on the wire. */
export interface SampleExchange {
  readonly name: string;
  readonly says: string;
  readonly request: string;
  readonly response: string;
}

const SECOND = 1_760_000_000_000;
const COOKIE = "AQAAAGjnfgAAAAAAAAAB9A";
const NEXT_COOKIE = "AQAAAGjnfgAAAAAAAAAB9Q";
const TOKEN = "11111111-2222-4333-8444-555555555555";
const HEX_TOKEN = "1111111122224333844455555555555566667777";

/**
 * Shows how a firewall would be answered: the same few people and devices through any profile.
 *
 * Shape: whole messages, line ends as `\r\n`, in the order of a first contact. Names, addresses and secrets are examples.
 */
export function previewProfile(profile: SrxProfile): readonly SampleExchange[] {
  const { paths, batch, token } = profile.document;
  const query = `/${paths.queryPrefixes[0] ?? "user_query/v2"}`;
  const begin = batch.beginParams[0] ?? "begintime";
  const count = batch.countParams[0] ?? "entry_count";
  const cookieParameter = batch.cookieParams[0] ?? "cookie";
  const limit = Math.min(200, batch.maxEntries);
  const next = `${query}/users/endpoints?${cookieParameter}=${COOKIE}&${count}=${limit}`;
  const issued = token.format === "hex40" ? HEX_TOKEN : TOKEN;
  const ask = (target: string): string =>
    `GET ${target} HTTP/1.1\r\nHost: jims.example.net\r\nAuthorization: Bearer ${issued}\r\n\r\n`;
  const moment = alice(SECOND + 420_000, ["engineering", "vpn-users", "oncall"]);
  const of = (
    name: string,
    says: string,
    request: string,
    response: Parameters<typeof renderResponse>[0],
  ): SampleExchange => ({ name, says, request, response: renderResponse(response) });
  return [
    of(
      "token",
      "The firewall asks for a token.",
      tokenRequest(profile),
      profile.encodeToken(issued, Math.min(28_800, token.ttlSeconds ?? 28_800)),
    ),
    of(
      "first-batch",
      "The first batch: a person at a desk, a device by itself, somebody who left.",
      ask(`${query}/users/endpoints?${begin}=0&${count}=${limit}`),
      profile.encodeBatch([alice(SECOND, ["engineering", "vpn-users"]), kiosk(), bobLeft()], COOKIE),
    ),
    of("nothing-new", "Nothing has changed.", ask(next), profile.encodeBatch([], COOKIE)),
    of(
      "group-joined",
      "The person joined a group: the whole entry again.",
      ask(next),
      profile.encodeBatch([moment], NEXT_COOKIE),
    ),
    of(
      "known-address",
      "An address is asked for.",
      ask(`${query}/ip/192.0.2.50`),
      profile.encodeIp(alice(SECOND, ["engineering", "vpn-users"])),
    ),
    of(
      "device-only",
      "At this address there is a device and nobody at it.",
      ask(`${query}/ip/192.0.2.75`),
      profile.encodeIp(kiosk()),
    ),
    of(
      "unknown-address",
      "Nobody is known at this address.",
      ask(`${query}/ip/192.0.2.99`),
      profile.encodeIp(null, undefined, { ip: "192.0.2.99" as IpAddress, at: SECOND }),
    ),
    of(
      "user-query",
      "Somebody logged on at the firewall's captive portal.",
      ask(`${query}/user?ip=192.0.2.90&id=carol&domain=corp.example`),
      profile.encodeIp(carol()),
    ),
    of("token-expired", "The token is old: the firewall asks for a new one.", ask(next), invalidToken),
  ];
}

function tokenRequest(profile: SrxProfile): string {
  const { paths, token } = profile.document;
  const path = `/${paths.tokenPrefixes[0] ?? "oauth_token/oauth"}`;
  const head = (type: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: jims.example.net\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const credentials = { grant_type: "client_credentials", client_id: "srx-a", client_secret: "EXAMPLE" };
  if (token.accept.includes("form"))
    return head(
      "application/x-www-form-urlencoded",
      "grant_type=client_credentials&client_id=srx-a&client_secret=EXAMPLE",
    );
  if (token.accept.includes("json")) return head("application/json", JSON.stringify(credentials));
  return `POST ${path} HTTP/1.1\r\nHost: jims.example.net\r\nAuthorization: Basic c3J4LWE6RVhBTVBMRQ==\r\nContent-Length: 0\r\n\r\n`;
}

function entry(ip: string, changedAt: number, over: Partial<Entry>): Entry {
  return {
    addressSpaceId: "main",
    ip: ip as IpAddress,
    revision: 1,
    changedAt,
    user: null,
    device: null,
    domainsSeen: [],
    ...over,
  };
}

function person(name: string, groups: readonly string[], sourceLabel: string): NonNullable<Entry["user"]> {
  return {
    principalKey: name,
    domain: "corp.example",
    netbiosDomain: "corp",
    name,
    upn: `${name}@corp.example`,
    groups,
    since: SECOND,
    lastSeenAt: SECOND,
    expiresAt: SECOND + 3_600_000,
    class: "A",
    sourceId: "source",
    sourceLabel,
    rule: "sample",
    observationId: "sample#0",
  };
}

function machine(
  name: string,
  groups: readonly string[],
  over: Partial<NonNullable<Entry["device"]>> = {},
): NonNullable<Entry["device"]> {
  return {
    principalKey: name,
    domain: "corp.example",
    name,
    groups,
    since: SECOND,
    expiresAt: SECOND + 3_600_000,
    ...over,
  };
}

function alice(changedAt: number, groups: readonly string[]): Entry {
  return entry("192.0.2.50", changedAt, {
    user: person("alice", groups, "Rollcall event log"),
    device: machine("desk-7", ["workstations"], { os: "windows 11" }),
  });
}

function kiosk(): Entry {
  return entry("192.0.2.75", SECOND + 3000, {
    device: machine("kiosk-3", ["kiosks"], {
      category: "kiosk",
      vendor: "example",
      model: "k-200",
      os: "windows",
      osVersion: "10.0",
    }),
  });
}

function bobLeft(): Entry {
  return entry("192.0.2.60", SECOND + 11_000, {
    unknownBecause: "ended",
    domainsSeen: ["corp.example"],
    lastUser: { domain: "corp.example", name: "bob" },
  });
}

function carol(): Entry {
  return entry("192.0.2.90", SECOND, { user: person("carol", ["finance"], "Rollcall SRX push") });
}
