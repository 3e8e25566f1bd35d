import { fuzzRuns, fuzzSeed, wholeNumbersOf } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { inMemory, readEvtx } from "../evtx/index.ts";
import { readReal, whyNoRealFiles } from "../evtx/testing/real-files.ts";
import { createEventReader } from "./event-reader.ts";

const seed = fuzzSeed();
const NAMES = ["TargetUserName", "IpAddress", "LogonType", "Data", ""];

/** Reads everything of a record that anybody may ask for. */
function useAll(reader: ReturnType<typeof createEventReader>, bytes: Buffer): "event" | "damaged" {
  const read = reader.read(bytes);
  if (read.kind === "event") {
    const { event } = read;
    for (const name of [...event.names(), ...NAMES]) event.data(name);
    const { provider, eventId, version, channel, computer, recordId, time } = event;
    expect([provider, eventId, version, channel, computer, recordId, time]).toHaveLength(7);
  }
  reader.xml(bytes);
  return read.kind;
}

describe(`records of strangers (seed ${seed})`, { timeout: 3_600_000 }, () => {
  it("that are any bytes are damaged, or say something, and never more", () => {
    const random = wholeNumbersOf(seed);
    const reader = createEventReader();
    const runs = fuzzRuns(1_000_000);
    const tokens = [0x0f, 1, 1, 0, 0x41, 0x0c, 0, 0x0d, 0x0e, 2, 3, 4, 5, 6, 0x46];
    let damaged = 0;
    for (let run = 0; run < runs; run++) {
      const bytes = Buffer.alloc(random(120));
      for (let at = 0; at < bytes.length; at++)
        bytes[at] = random(3) > 0 ? (tokens[random(tokens.length)] ?? 0) : random(256);
      if (useAll(reader, bytes) === "damaged") damaged += 1;
    }
    expect(damaged).toBeGreaterThan(runs / 2);
  });

  it.skipIf(whyNoRealFiles() !== null)("that were real and were changed are read or damaged", () => {
    const random = wholeNumbersOf(seed + 1);
    const reader = createEventReader();
    const real = ["mit-ts-evtx/System.evtx", "mit-omerbenamram-evtx/MSExchange_Management_wec.evtx"].flatMap(
      (name) =>
        [...readEvtx(inMemory(readReal(name)))]
          .slice(0, 60)
          .flatMap((one) => (one.kind === "record" ? [one.even6()] : [])),
    );
    const outcomes = { event: 0, damaged: 0 };
    const runs = fuzzRuns(1_000_000);
    for (let run = 0; run < runs; run++) {
      const bytes = Buffer.from(real[random(real.length)] ?? Buffer.alloc(0));
      for (let change = random(4); change >= 0; change--) bytes[random(bytes.length)] = random(256);
      outcomes[useAll(reader, random(10) > 0 ? bytes : bytes.subarray(0, random(bytes.length)))] += 1;
    }
    expect(outcomes.event).toBeGreaterThan(0);
    expect(outcomes.damaged).toBeGreaterThan(0);
  });
});
