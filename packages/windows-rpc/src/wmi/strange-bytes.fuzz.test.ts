import { fuzzRuns, fuzzSeed, randomOf } from "@rollcall/testkit";
import { expect, it } from "vitest";
import { decodeActivation } from "../dcom/activation.ts";
import { readObjectReference } from "../dcom/object-reference.ts";
import { NdrFault } from "../ndr/index.ts";
import { spoil } from "../testing/spoil.ts";
import { dumpNames, hasFixtures, readDump } from "./testing/wmio-dumps.ts";
import { decodeNext, decodePointer } from "./wmi-calls.ts";
import { readWmiObject, WmioFault } from "./wmio-reader.ts";

const seed = fuzzSeed();

it.skipIf(!hasFixtures)(`reads or refuses spoilt objects, and nothing else happens (seed ${seed})`, () => {
  const random = randomOf(seed);
  // The small ones mostly: what a query answers with is of their size.
  const wholes = dumpNames()
    .map(readDump)
    .sort((a, b) => a.length - b.length);
  let read = 0;
  for (let run = fuzzRuns(1_000_000); run > 0; run--) {
    const whole = wholes[Math.floor(random() ** 3 * wholes.length)] ?? Buffer.alloc(0);
    try {
      readWmiObject(spoil(whole, random));
      read += 1;
    } catch (error) {
      if (!(error instanceof WmioFault)) throw error;
    }
  }
  expect(read).toBeGreaterThan(0);
});

it(`reads or refuses references and answers of any bytes (seed ${seed})`, () => {
  const random = randomOf(seed + 1);
  const standard = Buffer.from(
    `4d454f5701000000${"00".repeat(16)}0000000005000000${"11".repeat(16)}${"22".repeat(16)}0a0008000700350030005b003100350036005d000000`,
    "hex",
  );
  const answer = Buffer.concat([
    Buffer.from("000000000000000001000200", "hex"),
    Buffer.from([100, 0, 0, 0, 100, 0, 0, 0]),
    standard,
    Buffer.alloc(12),
  ]);
  for (let run = fuzzRuns(1_000_000); run > 0; run--) {
    const bytes = random() < 0.5 ? spoil(standard, random) : spoil(answer, random);
    for (const read of [readObjectReference, decodePointer, decodeNext, decodeActivation]) {
      try {
        read(bytes);
      } catch (error) {
        if (!(error instanceof NdrFault)) throw error;
      }
    }
  }
});
