import type { SrxProfileDocument } from "../profile-document.ts";
import { field } from "./field.ts";

/**
 * One JSON document with every name that a firewall might look for: those of published notes, of the ClearPass query
 * and of the push format. A parser that looks names up finds its own and passes over the rest.
 * Source: docs/protocol/srx-query.md, "the body" (assumed: no body is published).
 */
export const jsonSupersetDocument: SrxProfileDocument = {
  version: 1,
  note: "Every name that a relative of this protocol is known to use.",
  paths: { tokenPrefixes: ["oauth_token/oauth"], queryPrefixes: ["user_query/v2"] },
  token: { accept: ["form", "json", "basic"], ttlSeconds: null, expiresInAs: "number", format: "uuid" },
  batch: {
    beginParams: [],
    countParams: [],
    cookieParams: [],
    cookieOut: ["body", "setCookie"],
    cookieBodyKey: "cookie",
    cookieName: "report",
    cookiePath: "/user_query",
    cookieHeader: "X-Cookie",
    maxEntries: 1000,
    timeUnit: "auto",
  },
  body: {
    kind: "json",
    contentType: null,
    listKey: "report_entries",
    itemKey: "entry",
    wrapSingle: true,
    words: { logon: "logon", logoff: "logoff", update: "update" },
    timeAs: "s",
    roleChange: "resend-logon",
    deviceOnly: "emptyUser",
    fields: [
      field("time", ["timestamp"]),
      field("operation", ["activity"], { words: { logon: "login", logoff: "logout", update: "update" } }),
      field("operation", ["operation"]),
      field("source", ["source"]),
      field("ip", ["ip-address", "ip"]),
      field("domain", ["domain-name", "domain"]),
      field("user", ["user-name", "user", "username"]),
      field("roles", ["roles"]),
      field("online", ["is_online"]),
      field("device", ["device-name", "device", "end-user-attribute/device-identity/value"]),
      field("deviceGroups", ["end-user-attribute/device-identity/groups"], { whenEmpty: "write" }),
      field("deviceCategory", ["end-user-attribute/device-category"]),
      field("deviceVendor", ["end-user-attribute/device-vendor"]),
      field("deviceModel", ["end-user-attribute/device-model"]),
      field("deviceOs", ["end-user-attribute/device-os"]),
      field("deviceOsVersion", ["end-user-attribute/device-os-version"]),
    ],
  },
  unknownIp: "empty200",
  limits: { roles: 200, name: 64, ipv6: true, entries: null },
};
