import type { Entry } from "@rollcall/identity-core";
import { type CleaningFlag, cleanName, cleanRoles } from "../clean-text.ts";
import { joinBatch } from "../join-batch.ts";
import type { BatchFrame, EncodedEntry, SrxProfile } from "../profile.ts";
import { respond } from "../response.ts";
import { utf8Length } from "../utf8.ts";

const JSON_TYPE = "application/json";

/** What may differ between two installations that speak this profile. */
export interface JsonSupersetOptions {
  /** What is said as the source of an entry that names none. */
  readonly defaultSource: string;
}

/**
 * One JSON document with every name that a firewall might look for.
 *
 * Shape:  `encodeEntry` writes an object with a fixed order of keys; those of the device are left out where there is none.
 *         An entry without user and device is a logoff, with the user that left where it is known; a device alone is a
 *         logon with an empty user. A batch always carries its cookie, in the body and as `Set-Cookie`, also when it is empty.
 * Units:  `timestamp` is seconds since 1970, when the entry changed.
 * Source: docs/protocol/srx-query.md, "the body" (assumed: no body is published; the names are those of three known relatives).
 */
export function createJsonSuperset({ defaultSource }: JsonSupersetOptions): SrxProfile {
  const encodeEntry = (entry: Entry): EncodedEntry => writeEntry(entry, defaultSource);
  return {
    id: "json-superset",
    encodeEntry,
    frameBatch,
    encodeBatch: (entries, cookie, encode = encodeEntry) =>
      joinBatch(frameBatch(cookie), entries.map(encode)),
    encodeIp(entry, encode = encodeEntry) {
      if (entry === null || (entry.user === null && entry.device === null)) return emptyDocument;
      return respond(200, "OK", JSON_TYPE, `{"report_entries":[${encode(entry).text}]}`);
    },
    // Source: RFC 6749, section 5.1 (documented).
    encodeToken(accessToken, expiresInSeconds) {
      const answer = { access_token: accessToken, token_type: "Bearer", expires_in: expiresInSeconds };
      return respond(200, "OK", JSON_TYPE, JSON.stringify(answer));
    },
    emptyDocument,
  };
}

function frameBatch(cookie: string): BatchFrame {
  return {
    contentType: JSON_TYPE,
    headers: [["Set-Cookie", `report=${cookie}; Path=/user_query`]],
    before: `{"cookie":${JSON.stringify(cookie)},"report_entries":[`,
    between: ",",
    after: "]}",
  };
}

const emptyDocument = respond(200, "OK", JSON_TYPE, '{"report_entries":[]}');

function writeEntry(entry: Entry, defaultSource: string): EncodedEntry {
  const flags = new Set<CleaningFlag>();
  const { user, device } = entry;
  const isLogon = user !== null || device !== null;
  const name = cleanName(user?.name ?? (isLogon ? "" : (entry.lastUser?.name ?? "")), flags);
  const domain = cleanName(domainOf(entry), flags);
  const told: Record<string, unknown> = {
    timestamp: Math.floor(entry.changedAt / 1000),
    activity: isLogon ? "login" : "logout",
    operation: isLogon ? "logon" : "logoff",
    source: cleanName(user?.sourceLabel || defaultSource, flags),
    "ip-address": entry.ip,
    ip: entry.ip,
    "domain-name": domain,
    domain,
    "user-name": name,
    user: name,
    username: name,
    roles: user === null ? [] : cleanRoles(user.groups, flags),
    is_online: isLogon,
  };
  if (device !== null) {
    const deviceName = cleanName(device.name, flags);
    const os = cleanName(device.os ?? "", flags);
    told["device-name"] = deviceName;
    told.device = deviceName;
    told["end-user-attribute"] = {
      "device-identity": { value: deviceName, groups: cleanRoles(device.groups, flags) },
      ...(os === "" ? {} : { "device-os": os }),
    };
  }
  const text = toJson(told);
  return { text, bytes: utf8Length(text), flags: [...flags] };
}

function domainOf(entry: Entry): string {
  if (entry.user !== null) return entry.user.domain;
  if (entry.device !== null) return entry.device.domain;
  return entry.lastUser?.domain ?? entry.domainsSeen.at(-1) ?? "";
}

/** JSON whose texts hold no character that means something in XML or HTML. */
function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/[<>&]/.test(text)) return text;
  return text.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}
