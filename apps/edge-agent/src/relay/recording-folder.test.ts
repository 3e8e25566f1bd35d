import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { RecordedPair } from "@rollcall/srx-protocol/recording";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, test } from "vitest";
import { openRecordingFolder, readRecording } from "./recording-folder.ts";

function aPair(number: number, body = "{}"): RecordedPair {
  const message = {
    headers: [],
    body,
    bodyNote: null,
    bodyBytes: body.length,
    framing: "length",
    isWhole: true,
    trailers: [],
  } as const;
  return {
    format: "rollcall-srx-pair",
    version: 1,
    number,
    connection: 1,
    atMs: 0,
    tookMs: 0,
    request: { ...message, startLine: "GET / HTTP/1.1" },
    response: { ...message, startLine: "HTTP/1.1 200 OK" },
  };
}

const NO_BOUND = { pairsMax: 1000, bytesMax: 10_000_000 };

describe("a folder of recordings", () => {
  test("keeps the newest pairs, and says how many of the oldest had to go", () =>
    withTempDir(async (parent) => {
      const name = path.join(parent, "new", "recording");
      const folder = openRecordingFolder(name, "readme\n", { ...NO_BOUND, pairsMax: 3 });
      for (let number = 1; number <= 5; number++) folder.add(aPair(number));
      await folder.settle();
      expect(folder.counts).toMatchObject({ kept: 3, removed: 2, lost: 0 });
      expect(readRecording(name).pairs.map(({ number }) => number)).toEqual([3, 4, 5]);
      expect(readdirSync(name)).toHaveLength(7);
      expect(statSync(name).mode & 0o777).toBe(0o700);
    }));

  test("stays within its bytes, whatever the size of a pair", () =>
    withTempDir(async (parent) => {
      const folder = openRecordingFolder(path.join(parent, "r"), "", { ...NO_BOUND, bytesMax: 10_000 });
      for (let number = 1; number <= 4; number++) folder.add(aPair(number, "x".repeat(1000)));
      folder.add(aPair(5, "x".repeat(20_000)));
      await folder.settle();
      expect(folder.counts.bytes).toBeLessThanOrEqual(10_000);
      // One that fits nowhere drives nothing else out.
      expect(folder.counts).toMatchObject({ lost: 1, kept: 2, removed: 2 });
    }));

  test("a disk that refuses costs pairs and nothing else, and is told", () =>
    withTempDir(async (parent) => {
      const name = path.join(parent, "r");
      const folder = openRecordingFolder(name, "");
      rmSync(name, { recursive: true });
      folder.add(aPair(1));
      await folder.settle();
      expect(folder.counts).toMatchObject({ kept: 0, lost: 1 });
      expect(folder.fault).toContain("ENOENT");
    }));

  test("does not begin where something lies already", () =>
    withTempDir((parent) => {
      writeFileSync(path.join(parent, "x"), "");
      expect(() => openRecordingFolder(parent, "")).toThrow("is not empty");
      expect(() => readRecording(path.join(parent, "none"))).toThrow("There is no recording");
    }));
});
