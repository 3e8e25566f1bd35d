import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { runAgent } from "../testing/cli-lab.ts";

/** Real logs stand beside the project; see docs/protocol/event-records.md. */
const FOLDER = path.resolve(import.meta.dirname, "../../../../../shared/data/evtx");
const TICKETS = path.join(
  FOLDER,
  "cc0-evtx-to-mitre/ID47x_4661-4662_5136_4688_4697-SAM_the_admin_CVE-2021-42287_.evtx",
);
const hasReal = (() => {
  try {
    readFileSync(TICKETS);
    return true;
  } catch {
    console.log(
      "no real event logs beside the project (../shared/data/evtx): tests that read them are left out",
    );
    return false;
  }
})();

interface Line {
  readonly recordId: number | null;
  readonly eventId?: number;
  readonly time?: string;
  readonly computer?: string;
  readonly data?: Record<string, string>;
  readonly explain?: {
    readonly rule: string | null;
    readonly outcome: string;
    readonly reason: string | null;
  };
  readonly damaged?: string;
}
const linesOf = (out: string): Line[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

describe.skipIf(!hasReal)("rollcall-agent events decode", () => {
  it("prints one JSON line a record, with every field by name", async () => {
    const { code, out, err } = await runAgent(["events", "decode", TICKETS]);
    const lines = linesOf(out);
    expect([code, lines.length]).toEqual([0, 40]);
    expect(err).toContain("40 records");
    expect(lines[1]).toMatchObject({
      recordId: 2,
      eventId: 4624,
      time: "2021-12-14T14:42:48.182Z",
      computer: "rootdc1.offsec.lan",
      data: { TargetUserName: "hack1", LogonType: "3", IpAddress: "10.23.123.11" },
    });
  });

  it("shows on a terminal how far it has come, and takes that away again; nothing of it where it is piped", async () => {
    const many = Array.from({ length: 20 }, () => TICKETS);
    let now = 0;
    const clock = () => (now += 1000);
    const shown = await runAgent(["events", "decode", ...many, "--ids", "1"], {
      isTerminal: true,
      now: clock,
    });
    const steps = shown.err.split("\r\u001b[K").map((step) => step.replace(/^.*: /, ""));
    expect(steps.slice(0, 3)).toEqual(["256 records read", "512 records read", "768 records read"]);
    expect(steps.at(-1)).toMatch(/^\S*0 records of 800/);
    const piped = await runAgent(["events", "decode", ...many, "--ids", "1"], { now: clock });
    expect(piped.err).toBe("0 records of 800\n");
  });

  it("takes what is piped into it, and leaves out what is not asked for", async () => {
    const { out, err } = await runAgent(
      ["events", "decode", "-", "--ids", "4768,4769", "--since", "2021-12-14T14:42:49Z"],
      { stdin: readFileSync(TICKETS) },
    );
    expect(new Set(linesOf(out).map(({ eventId }) => eventId))).toEqual(new Set([4768, 4769]));
    expect(err).toContain("2 records of 40");
  });

  it("says with --explain what the rules make of each, by the very rules that sources obey", async () => {
    const { out } = await runAgent(["events", "decode", TICKETS, "--explain"]);
    const lines = linesOf(out);
    const said = (eventId: number) => lines.find((line) => line.eventId === eventId)?.explain;
    expect(said(4624)).toMatchObject({ rule: "event:4624-3", outcome: "counts", reason: null });
    // An account that was renamed to be called like the controller (CVE-2021-42287).
    expect(said(4768)).toMatchObject({ rule: "event:4768", reason: "controllers-own-account" });
    const elsewhere = await runAgent(["events", "decode", TICKETS, "--explain", "--as", "event-collector"]);
    expect(linesOf(elsewhere.out).find((line) => line.eventId === 4624)?.explain).toMatchObject({
      reason: "not-from-a-controller",
    });
  });

  it("says which record is damaged in a line of its own, and goes on", () =>
    withTempDir(async (folder) => {
      const file = path.join(folder, "broken.evtx");
      copyFileSync(TICKETS, file);
      const bytes = readFileSync(file);
      bytes.fill(0xff, 4096 + 512, 4096 + 516);
      writeFileSync(file, bytes);
      const { code, out, err } = await runAgent(["events", "decode", file]);
      const lines = linesOf(out);
      expect(code).toBe(3);
      expect(lines[0]).toMatchObject({ recordId: null, damaged: "bytes that are no record" });
      expect(lines.length).toBe(40);
      expect(err).toContain("39 records, 1 part that cannot be read");
    }));

  it("prints XML as Windows exports it, and a table for people", async () => {
    const xml = await runAgent(["events", "decode", TICKETS, "-o", "xml", "--ids", "4768"]);
    expect(xml.out).toMatch(/^<Event xmlns='http:\/\/schemas[^\n]*<\/Event>\n$/);
    const table = await runAgent(["events", "decode", TICKETS, "-o", "table", "--ids", "4768", "--explain"]);
    expect(table.out).toMatch(/^2021-12-14T14:42:49\.222Z {2}4768 {2}rootdc1\.offsec\.lan {2}\[event:4768: /);
  });

  it("reads the other files where one is none", async () => {
    const { code, out, err } = await runAgent([
      "events",
      "decode",
      import.meta.filename,
      "/nowhere",
      TICKETS,
    ]);
    expect([code, linesOf(out).length]).toEqual([9, 40]);
    expect(err).toMatch(/events-command\.test\.ts: this is no event log file/);
    expect(err).toMatch(/\/nowhere: cannot be read/);
  });
});

it.each([
  [["--ids", "logon"], "Give numbers parted by commas"],
  [["--since", "yesterday"], "Give a time as in"],
  [["-o", "csv"], "ndjson, table, xml"],
])("events decode %j is refused with what may be given", async (args, sentence) => {
  const { code, err } = await runAgent(["events", "decode", "x.evtx", ...args]);
  expect(code).toBe(2);
  expect(err).toContain(sentence);
});
