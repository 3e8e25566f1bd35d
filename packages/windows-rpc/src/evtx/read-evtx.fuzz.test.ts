import { fuzzRuns, fuzzSeed, wholeNumbersOf } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { inMemory, readEvtx } from "./index.ts";
import { readReal, whyNoRealFiles } from "./testing/real-files.ts";

const seed = fuzzSeed();
const HEAD = 4096;
const CHUNK_HEAD = 512;

/** Reads whatever the file gives, all of each record; how many records and damages there were. */
function readAll(file: Buffer): { records: number; damaged: number } {
  const seen = { records: 0, damaged: 0 };
  for (const one of readEvtx(inMemory(file))) {
    if (one.kind === "damaged") {
      expect(one.sentence).not.toBe("");
      seen.damaged += 1;
      continue;
    }
    const { event } = one;
    for (const name of event.names()) event.data(name);
    expect([event.eventId, event.provider, event.time, event.recordId]).toHaveLength(4);
    seen.records += 1;
  }
  return seen;
}

/** The head of a file and the beginning of its first chunk: a few records, so that a million of them are read in minutes. */
function beginningOf(name: string, bytes: number): Buffer {
  return Buffer.from(readReal(name).subarray(0, HEAD + CHUNK_HEAD + bytes));
}

describe(`event log files of strangers (seed ${seed})`, { timeout: 3_600_000 }, () => {
  it("that hold any bytes give records or damages, never more of them than there is room for", () => {
    const random = wholeNumbersOf(seed);
    const runs = fuzzRuns(1_000_000);
    const file = Buffer.alloc(HEAD + CHUNK_HEAD + 200);
    for (let run = 0; run < runs; run++) {
      file.fill(0);
      file.write("ElfFile\0");
      file.write("ElfChnk\0", HEAD);
      for (let at = HEAD + CHUNK_HEAD; at < file.length; at++)
        file[at] = random(3) > 0 ? ([0x2a, 0x2a, 0, 0, 0x0f, 1, 0x0c][random(7)] ?? 0) : random(256);
      // Most begin as a record does, so that what is within is read too.
      if (random(4) > 0) {
        file.writeUInt32LE(0x2a2a, HEAD + CHUNK_HEAD);
        file.writeUInt32LE(28 + random(150), HEAD + CHUNK_HEAD + 4);
        file.writeUInt32LE(0x0001_010f, HEAD + CHUNK_HEAD + 24);
      }
      const { records, damaged } = readAll(file);
      expect(records + damaged).toBeLessThanOrEqual(200 / 4);
    }
  });

  it.skipIf(whyNoRealFiles() !== null)(
    "that were real and were changed are read on behind what is damaged",
    () => {
      const random = wholeNumbersOf(seed + 1);
      const real = [
        beginningOf("mit-ts-evtx/System.evtx", 2_900),
        beginningOf("mit-ts-evtx/Security.evtx", 2_900),
        beginningOf("mit-omerbenamram-evtx/MSExchange_Management_wec.evtx", 2_900),
      ];
      const seen = { records: 0, damaged: 0 };
      const runs = fuzzRuns(1_000_000);
      for (let run = 0; run < runs; run++) {
        const file = Buffer.from(real[random(real.length)] ?? Buffer.alloc(0));
        for (let change = random(6); change >= 0; change--)
          file[HEAD + random(file.length - HEAD)] = random(3) > 0 ? random(256) : random(2) * 255;
        const cut = random(20) === 0 ? file.subarray(0, random(file.length)) : file;
        const { records, damaged } = readAll(cut);
        seen.records += records;
        seen.damaged += damaged;
      }
      // When a million cases were tried, 1.07 records a case were read.
      expect(seen.records).toBeGreaterThan(0.9 * runs);
      expect(seen.damaged).toBeGreaterThan(runs / 10);
    },
  );
});
