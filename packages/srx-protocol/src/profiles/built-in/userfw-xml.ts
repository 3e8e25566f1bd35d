import type { SrxProfileDocument } from "../profile-document.ts";
import { field } from "./field.ts";
import { jsonSupersetDocument } from "./json-superset.ts";

/**
 * The XML that the firewall's own Web API takes, as the answer to a query.
 * Source: docs/protocol/srx-query.md, "the body" (elements seen in code of public senders; that a query may be
 * answered with them is assumed).
 */
export const userfwXmlDocument: SrxProfileDocument = {
  ...jsonSupersetDocument,
  note: "The elements of the Web API (userfw-entries), as an answer.",
  body: {
    kind: "xml",
    contentType: null,
    listKey: "userfw-entries",
    itemKey: "userfw-entry",
    wrapSingle: true,
    words: { logon: "logon", logoff: "logoff", update: "logon" },
    timeAs: "iso",
    roleChange: "resend-logon",
    deviceOnly: "emptyUser",
    fields: [
      field("source", ["source"]),
      field("time", ["timestamp"]),
      field("operation", ["operation"]),
      field("ip", ["IP"]),
      field("domain", ["domain"], { on: "logon" }),
      field("user", ["user"], { on: "logon" }),
      field("roles", ["role-list/role"], { on: "logon" }),
      field("device", ["end-user-attribute/device-identity/value"]),
      field("deviceGroups", ["end-user-attribute/device-identity/groups/group"]),
      field("deviceCategory", ["end-user-attribute/device-category"]),
      field("deviceVendor", ["end-user-attribute/device-vendor"]),
      field("deviceModel", ["end-user-attribute/device-model"]),
      field("deviceOs", ["end-user-attribute/device-os"]),
      field("deviceOsVersion", ["end-user-attribute/device-os-version"]),
    ],
  },
};
