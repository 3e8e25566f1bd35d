import { SessionTable } from "@rollcall/identity-core";
import { aLogon, anEnd, at } from "@rollcall/identity-core/testing";
import { describe, expect, it } from "vitest";
import { lookUp } from "../pipeline/look-up.ts";
import { SuppressionJournal } from "../pipeline/suppression-journal.ts";
import { runAgent } from "../testing/cli-lab.ts";
import { renderExplanations } from "./explain-command.ts";

function explained(): string {
  const table = new SessionTable({ issuer: "0", incarnation: "0" });
  const journal = new SuppressionJournal();
  const svc = aLogon({ user: "svc-backup", at: at("09:20") });
  journal.note(svc, "f2");
  table.apply(
    [
      aLogon({ user: "ben", at: at("08:00"), rule: "syslog:begin" }),
      anEnd({ user: "ben", at: at("08:30") }),
      aLogon({ user: "ana", at: at("09:00"), rule: "syslog:begin" }),
    ],
    at("09:30"),
  );
  const view = {
    table,
    journal,
    readers: [
      {
        name: "branch-fw",
        filter: { addressSpaceIds: [], domains: ["other.example"], includeIp: [], excludeIp: [], ipv6: true },
      },
    ],
  };
  const entries = lookUp(view, "10.0.0.1", at("09:30")).map((answer) => ({
    addressSpaceId: answer.addressSpaceId,
    ip: answer.ip,
    user: null,
    device: null,
    unknownBecause: null,
    revision: 1,
    changedAt: 0,
    explanation: answer.explanation,
    answer: answer.answer,
    nextChangeAt: answer.nextChangeAt,
    lines: answer.lines.map((line) => ({ ...line })),
  }));
  return renderExplanations("10.0.0.1", entries);
}

describe("rollcall-agent explain", () => {
  it("says the answer, what was said the newest first with what became of it, and which firewall is not told", () => {
    const text = explained();
    expect(text.split("\n").map((line) => line.trim().split(/\s+/)[0])).toEqual([
      "10.0.0.1",
      "until",
      "user",
      "suppressed",
      "accepted",
      "end",
      "voided",
      "decision",
      "decision",
      "kept-from",
    ]);
    expect(text).toContain("corp.example\\ana, by syslog:begin (class A)");
    expect(text).toContain(
      "corp.example\\svc-backup, f2, from source-1: kept back at receipt by a filter [law 14]",
    );
    expect(text).toContain("branch-fw is not told");
  });

  it("says what is not an address, without asking the agent", async () => {
    const run = await runAgent(["explain", "ana"]);
    expect([run.code, run.err]).toEqual([2, expect.stringContaining("who NAME")]);
  });
});
