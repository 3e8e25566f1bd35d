import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AuditLine, chainHash, detailCommit } from "./canonical.ts";
import { verifyChain } from "./verify-chain.ts";

const zeros = "0".repeat(64);

/** A chain as Rollcall would write it, with `count` entries. */
function aChain(count: number): AuditLine[] {
  const lines: AuditLine[] = [];
  for (let n = 1; n <= count; n += 1) {
    const salt = `salt-${n}`;
    const detail = { before: null, after: { name: `Source ${n}`, lifetimeMinutes: n * 10 } };
    const line = {
      tenantId: "0a000000-0000-4000-8000-000000000001",
      n,
      at: 1_764_000_000_000 + n,
      actorKind: "user",
      actorId: n % 3 === 0 ? null : `u${n}`,
      actorName: `Ana ${n}, "the ünï"`,
      viaProvider: n % 2 === 0,
      sourceIp: "192.0.2.7",
      node: "web",
      action: "syslog.update",
      objectKind: "syslog-source",
      objectId: `s${n}`,
      objectName: "VPN",
      result: "done",
      requestId: null,
      detailCommit: detailCommit(salt, detail),
      prevHash: lines.at(-1)?.hash ?? zeros,
      hash: "",
      salt,
      detail,
    };
    lines.push({ ...line, hash: chainHash(line) });
  }
  return lines;
}

const text = (lines: readonly unknown[]) => lines.map((line) => JSON.stringify(line));

/** What somebody who can write to the database would do: hash everything again from `from` on. */
function rehash(lines: readonly AuditLine[], from: number): AuditLine[] {
  const done: AuditLine[] = [];
  for (const [index, line] of lines.entries()) {
    const next = index < from ? line : { ...line, prevHash: done.at(-1)?.hash ?? zeros, hash: "" };
    done.push(index < from ? next : { ...next, hash: chainHash(next) });
  }
  return done;
}

describe("verifyChain", () => {
  it("finds a chain intact, also with erased details and empty lines", async () => {
    const lines = aChain(5).map((line) => (line.n === 3 ? { ...line, salt: null, detail: null } : line));
    const verdict = await verifyChain([...text(lines), ""]);
    expect(verdict).toMatchObject({
      findings: [],
      entries: 5,
      erased: 1,
      firstN: 1,
      lastN: 5,
      lastHash: lines[4]?.hash,
    });
  });

  it("finds the line of an edited field, whichever field it is", async () => {
    const fields = Object.keys(aChain(1)[0] ?? {}) as (keyof AuditLine)[];
    expect(fields.length).toBe(20);
    for (const field of fields) {
      const lines = aChain(4);
      const victim = lines[2] as AuditLine;
      const value = victim[field];
      const changed =
        field === "detail"
          ? { after: {} }
          : typeof value === "number"
            ? value + 1
            : typeof value === "boolean"
              ? !value
              : `${value}x`;
      lines[2] = { ...victim, [field]: changed };
      const { findings } = await verifyChain(text(lines));
      expect(
        findings.map((finding) => finding.line),
        field,
      ).toContain(3);
    }
  });

  it("finds any single edit, deletion, insertion or exchange", async () => {
    const chain = aChain(12);
    const tamper = fc.oneof(
      fc.record({ kind: fc.constant("delete" as const), at: fc.integer({ min: 0, max: 10 }) }),
      fc.record({ kind: fc.constant("swap" as const), at: fc.integer({ min: 0, max: 10 }) }),
      fc.record({ kind: fc.constant("insert" as const), at: fc.integer({ min: 0, max: 11 }) }),
      fc.record({
        kind: fc.constant("edit" as const),
        at: fc.integer({ min: 0, max: 11 }),
        text: fc.string(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(tamper, async (act) => {
        const lines = [...chain];
        const victim = lines[act.at] as AuditLine;
        if (act.kind === "delete") lines.splice(act.at, 1);
        if (act.kind === "swap") lines.splice(act.at, 2, lines[act.at + 1] as AuditLine, victim);
        if (act.kind === "insert") lines.splice(act.at, 0, { ...victim, action: "nothing.happened" });
        if (act.kind === "edit") {
          fc.pre(act.text !== victim.actorName);
          lines[act.at] = { ...victim, actorName: act.text };
        }
        expect((await verifyChain(text(lines))).findings.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  it("needs the anchor to see a cut end, and sees it with the anchor", async () => {
    const lines = aChain(9);
    const anchor = lines[8]?.hash ?? "";
    const cut = text(lines.slice(0, 7));
    expect((await verifyChain(cut)).findings).toEqual([]);
    expect((await verifyChain(cut, { anchor })).findings).toHaveLength(1);
    expect((await verifyChain(text(lines), { anchor })).findings).toEqual([]);
  });

  it("sees with the anchor that somebody wrote the chain anew after an edit", async () => {
    const lines = aChain(9);
    const anchor = lines[8]?.hash ?? "";
    const edited = lines.map((line) => (line.n === 4 ? { ...line, result: "refused" } : line));
    const rewritten = text(rehash(edited, 3));
    expect((await verifyChain(rewritten)).findings).toEqual([]);
    expect((await verifyChain(rewritten, { anchor })).findings).toHaveLength(1);
  });

  it("takes a part of a chain only when told that it is one", async () => {
    const part = text(aChain(6).slice(2));
    expect((await verifyChain(part)).findings).toHaveLength(1);
    expect((await verifyChain(part, { mayStartAnywhere: true })).findings).toEqual([]);
  });

  it("reports what it cannot read by its line and goes on", async () => {
    const lines = text(aChain(3));
    const { findings, entries } = await verifyChain(["{", "[]", '{"n":1}', ...lines]);
    expect(findings.map((finding) => finding.line)).toEqual([1, 2, 3]);
    expect(entries).toBe(3);
  });

  it("does not throw on any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 5 }), async (lines) => {
        expect((await verifyChain(lines)).findings.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the command", () => {
  const main = path.join(import.meta.dirname, "main.ts");
  const run = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });

  it("says what is wrong where, and tells the outcomes apart by exit code", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "rollcall-audit-"));
    try {
      const good = path.join(folder, "good.jsonl");
      const bad = path.join(folder, "bad.jsonl");
      const lines = aChain(4);
      writeFileSync(good, text(lines).join("\n"));
      writeFileSync(bad, text(lines.filter((line) => line.n !== 2)).join("\n"));
      expect(run(good)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(`last hash: ${lines[3]?.hash}`),
      });
      expect(run(good, "--anchor", lines[3]?.hash ?? "")).toMatchObject({ status: 0 });
      expect(run(bad)).toMatchObject({
        status: 1,
        stdout: expect.stringContaining("bad.jsonl:2: entry 3: entry 2 is missing"),
      });
      expect(run(good, "--anchor", "f".repeat(64))).toMatchObject({ status: 1 });
      expect(run().status).toBe(2);
      expect(run(good, "--anker").status).toBe(2);
      expect(run(good, "--anchor", "short").status).toBe(2);
      expect(run(path.join(folder, "none")).status).toBe(3);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
