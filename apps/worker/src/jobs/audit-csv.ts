import type { ExportedAuditEntry } from "@rollcall/db";

const COLUMNS = [
  "n",
  "time (UTC)",
  "actor",
  "actor kind",
  "via provider",
  "source address",
  "action",
  "object kind",
  "object",
  "result",
  "before",
  "after",
  "reason",
  "request",
  "hash",
] as const;

export const auditCsvHeader = `${COLUMNS.map(cell).join(",")}\r\n`;

/** One entry as a line of RFC 4180. */
export function auditCsvLine(entry: ExportedAuditEntry): string {
  const detail = (entry.detail ?? {}) as { before?: unknown; after?: unknown; reason?: unknown };
  const fields = [
    String(entry.n),
    new Date(entry.at).toISOString(),
    entry.actorName,
    entry.actorKind,
    entry.viaProvider ? "yes" : "no",
    entry.sourceIp ?? "",
    entry.action,
    entry.objectKind,
    entry.objectName,
    entry.result,
    detail.before ? JSON.stringify(detail.before) : "",
    detail.after ? JSON.stringify(detail.after) : "",
    typeof detail.reason === "string" ? detail.reason : "",
    entry.requestId ?? "",
    entry.hash,
  ];
  return `${fields.map(cell).join(",")}\r\n`;
}

/**
 * Quoted always, and a text that a spreadsheet would run as a formula begins with an apostrophe.
 * Source: RFC 4180, section 2 (documented); "CSV Injection", OWASP (documented).
 */
function cell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${inert.replaceAll('"', '""')}"`;
}
