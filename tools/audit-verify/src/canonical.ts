import { createHash, createHmac } from "node:crypto";

/** One line of an export, as far as the chain covers it. `detail` and `salt` are null where the detail was erased. */
export interface AuditLine {
  readonly tenantId: string;
  readonly n: number;
  readonly at: number;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly actorName: string;
  readonly viaProvider: boolean;
  readonly sourceIp: string | null;
  readonly node: string;
  readonly action: string;
  readonly objectKind: string;
  readonly objectId: string;
  readonly objectName: string;
  readonly result: string;
  readonly requestId: string | null;
  readonly detailCommit: string;
  readonly prevHash: string;
  readonly hash: string;
  readonly salt: string | null;
  readonly detail: unknown;
}

/** "<bytes>:<text>," and "-," for an absent value: two different rows never read the same. */
function netstring(value: string | null): string {
  return value === null ? "-," : `${Buffer.byteLength(value)}:${value},`;
}

/** hash = SHA-256(canonical row || previous hash), hexadecimal. */
export function chainHash(line: AuditLine): string {
  const row = [
    line.tenantId,
    String(line.n),
    String(line.at),
    line.actorKind,
    line.actorId,
    line.actorName,
    String(line.viaProvider),
    line.sourceIp,
    line.node,
    line.action,
    line.objectKind,
    line.objectId,
    line.objectName,
    line.result,
    line.requestId,
    line.detailCommit,
  ];
  return createHash("sha256")
    .update(row.map(netstring).join("") + line.prevHash)
    .digest("hex");
}

/** HMAC-SHA-256(salt, canonical JSON of the detail), hexadecimal. */
export function detailCommit(salt: string, detail: unknown): string {
  return createHmac("sha256", salt).update(canonicalJson(detail)).digest("hex");
}

/** JSON with one spelling per value: keys sorted, no spaces. */
function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

const TEXT = [
  "tenantId",
  "actorKind",
  "actorName",
  "node",
  "action",
  "objectKind",
  "objectId",
  "objectName",
] as const;
const TEXT_TOO = ["result", "detailCommit", "prevHash", "hash"] as const;
const TEXT_OR_NULL = ["actorId", "sourceIp", "requestId", "salt"] as const;

/** Reads one line of an export; a string says what is wrong with it. */
export function readLine(text: string): AuditLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "is not JSON (cut off, or edited by hand)";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "is not a JSON object";
  const line = value as Record<string, unknown>;
  for (const name of [...TEXT, ...TEXT_TOO])
    if (typeof line[name] !== "string") return `has no text "${name}"`;
  for (const name of TEXT_OR_NULL)
    if (typeof line[name] !== "string" && line[name] !== null)
      return `has neither text nor null as "${name}"`;
  for (const name of ["n", "at"])
    if (!Number.isSafeInteger(line[name])) return `has no whole number "${name}"`;
  if (typeof line.viaProvider !== "boolean") return `has no true or false as "viaProvider"`;
  if (!("detail" in line)) return `has no "detail"`;
  return line as unknown as AuditLine;
}
