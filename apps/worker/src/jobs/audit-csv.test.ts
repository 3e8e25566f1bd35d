import type { ExportedAuditEntry } from "@rollcall/db";
import { describe, expect, it } from "vitest";
import { auditCsvHeader, auditCsvLine } from "./audit-csv.ts";

function anEntry(changes: Partial<ExportedAuditEntry> = {}): ExportedAuditEntry {
  return {
    tenantId: "0a000000-0000-4000-8000-000000000001",
    n: 7,
    at: Date.UTC(2026, 0, 5, 8, 30),
    actorKind: "user",
    actorId: "u1",
    actorName: "Ana",
    viaProvider: true,
    sourceIp: "192.0.2.7",
    node: "web",
    action: "syslog.update",
    objectKind: "syslog-source",
    objectId: "s1",
    objectName: "VPN",
    result: "done",
    requestId: null,
    detailCommit: "c",
    prevHash: "p",
    hash: "h",
    salt: "s",
    detail: { before: { lifetimeMinutes: 480 }, after: { lifetimeMinutes: 60 }, reason: null },
    ...changes,
  };
}

describe("auditCsvLine", () => {
  it("writes one line with as many cells as the header", () => {
    expect(auditCsvLine(anEntry())).toBe(
      `"7","2026-01-05T08:30:00.000Z","Ana","user","yes","192.0.2.7","syslog.update","syslog-source","VPN","done","{""lifetimeMinutes"":480}","{""lifetimeMinutes"":60}","","","h"\r\n`,
    );
    expect(auditCsvHeader.split(",")).toHaveLength(auditCsvLine(anEntry({ detail: null })).split(",").length);
  });

  it("does not let a name become a formula of the reader's spreadsheet", () => {
    for (const name of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
      expect(auditCsvLine(anEntry({ objectName: name }))).toContain(`"'${name}"`);
  });
});
