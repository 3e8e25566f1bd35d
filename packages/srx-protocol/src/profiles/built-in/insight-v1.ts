import type { SrxProfileDocument } from "../profile-document.ts";
import { field } from "./field.ts";
import { jsonSupersetDocument } from "./json-superset.ts";

/**
 * The answer of a ClearPass endpoint query: what releases from 12.3X48 read when they are set up with the ClearPass
 * stanza (`query-api user_query/v1/ip/$IP$`). They ask address by address; a batch is answered all the same.
 * Source: docs/protocol/srx-query.md, "older releases" (stanza documented; fields as ClearPass documents them; the path seen in notes).
 */
export const insightV1Document: SrxProfileDocument = {
  ...jsonSupersetDocument,
  note: "The ClearPass endpoint document, for releases set up with the ClearPass stanza.",
  paths: { tokenPrefixes: ["oauth_token/oauth"], queryPrefixes: ["user_query/v1"] },
  batch: { ...jsonSupersetDocument.batch, cookieOut: ["setCookie"] },
  body: {
    kind: "json",
    contentType: null,
    listKey: null,
    itemKey: "entry",
    wrapSingle: false,
    words: { logon: "logon", logoff: "logoff", update: "update" },
    timeAs: "sql",
    roleChange: "resend-logon",
    deviceOnly: "emptyUser",
    fields: [
      field("ip", ["ip"]),
      field("user", ["user", "username"]),
      field("domain", ["domain"]),
      field("roles", ["roles"]),
      field("constant", ["spt"], { value: "HEALTHY", on: "logon" }),
      field("online", ["is_online"]),
      field("time", ["updated_at"]),
      field("source", ["source"]),
      field("device", ["device"]),
      field("deviceGroups", ["device_group"], { separator: "," }),
      field("deviceCategory", ["device_category"]),
      field("deviceVendor", ["device_vendor"]),
      field("deviceModel", ["device_type"]),
      field("deviceOs", ["device_os"]),
      field("deviceOsVersion", ["device_os_version"]),
    ],
  },
};
