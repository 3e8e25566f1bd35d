import { canonicalAddress } from "./address.ts";
import type { Answer, Report } from "./read-answer.ts";

const ATTRIBUTES = ["device_category", "device_vendor", "device_type", "device_os", "device_os_version"];
const UPDATED_AT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/;

/**
 * Reads the answer of a ClearPass endpoint query: one bare object, or a list of them for a batch.
 *
 * Shape:  an object without members is an address nobody is known at.
 * Errors: `malformed` when the body is neither; nothing is thrown.
 * Source: srx-protocol 9.1 and 13 row 8a (fields as ClearPass documents them; the rest assumed).
 */
export function readInsightAnswer(body: string): Answer {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return { kind: "malformed", reason: "the body is not JSON" };
  }
  const list = Array.isArray(document) ? document : [document];
  const reports: Report[] = [];
  const rejected: string[] = [];
  for (const item of list) {
    if (typeof item !== "object" || item === null || Array.isArray(item))
      return { kind: "malformed", reason: "the body is neither an endpoint nor a list of them" };
    const fields = new Map<string, unknown>(Object.entries(item));
    if (fields.size === 0 && !Array.isArray(document)) continue;
    const read = readEndpoint(fields);
    if ("refused" in read) rejected.push(read.refused);
    else reports.push(read);
  }
  return { kind: "answer", cookie: null, reports, rejected, complaints: [] };
}

function readEndpoint(fields: ReadonlyMap<string, unknown>): Report | { refused: string } {
  const text = (name: string): string | undefined => {
    const value = fields.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const ip = canonicalAddress(text("ip") ?? "");
  if (ip === null) return { refused: "an endpoint has no address" };
  const [user, username] = [text("user"), text("username")];
  if (user === undefined) return { refused: "an endpoint has no user" };
  if (user !== username) return { refused: "two names of the user disagree" };
  const online = fields.get("is_online");
  if (typeof online !== "boolean") return { refused: "an endpoint does not say whether it is online" };
  const roles = fields.get("roles");
  if (!Array.isArray(roles) || roles.some((role) => typeof role !== "string"))
    return { refused: "an endpoint's roles are no list of names" };
  const updated = UPDATED_AT.exec(text("updated_at") ?? "");
  if (updated === null) return { refused: "an endpoint's updated_at is no time" };
  return {
    kind: online ? "logon" : "logoff",
    ip,
    user,
    domain: text("domain") ?? "",
    groups: roles.map(String),
    device: text("device") || null,
    deviceGroups: (text("device_group") ?? "").split(",").filter((group) => group !== ""),
    deviceAttributes: Object.fromEntries(
      ATTRIBUTES.flatMap((name) => {
        const value = text(name);
        return value === undefined
          ? []
          : [[name.replace("device_type", "device_model").replaceAll("_", "-"), value]];
      }),
    ),
    source: text("source") ?? "",
    atMs: Date.parse(`${updated[1]}T${updated[2]}Z`),
  };
}
