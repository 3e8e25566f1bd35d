import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageGate } from "./message-gate.ts";

/** A message of that many bytes of content, its length written in as many bytes as are given at least. */
function message(length: number, lengthBytes = 0): Buffer {
  const content = Buffer.alloc(length, length & 0xff);
  const needed = length < 0x80 && lengthBytes === 0 ? 0 : Math.max(lengthBytes, length < 0x100 ? 1 : 2);
  const size = Buffer.alloc(needed);
  if (needed > 0) size.writeUIntBE(length, 0, needed);
  return Buffer.concat([Buffer.from([0x30, needed === 0 ? length : 0x80 | needed]), size, content]);
}

const messages = fc
  .array(fc.tuple(fc.nat(600), fc.constantFrom(0, 1, 2, 3, 4)), { minLength: 1, maxLength: 8 })
  .map((all) => all.map(([length, bytes]) => message(length, bytes === 1 && length > 255 ? 2 : bytes)));

describe("MessageGate", () => {
  it("passes on whole messages and nothing else, wherever the stream is cut", () => {
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (all, cuts) => {
        const stream = Buffer.concat(all);
        const gate = new MessageGate();
        const passed: Buffer[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut += 1) {
          const next = at + (cuts[cut % cuts.length] ?? 1);
          passed.push(...gate.push(stream.subarray(at, next)).map((one) => Buffer.from(one)));
          at = next;
        }
        expect(passed).toEqual(all);
      }),
      { numRuns: 500 },
    );
  });

  const seed = fuzzSeed();
  it(`refuses what is no message, or longer than any answer, and never throws anything else (seed ${seed})`, () => {
    expect(() => new MessageGate().push(Buffer.from([0x31, 0x01, 0]))).toThrow(RangeError);
    expect(() => new MessageGate().push(Buffer.from([0x30, 0x80, 0]))).toThrow(RangeError);
    expect(() => new MessageGate().push(Buffer.from([0x30, 0x85, 1, 1, 1, 1, 1]))).toThrow(RangeError);
    expect(() => new MessageGate().push(Buffer.from([0x30, 0x84, 0x7f, 0, 0, 0]))).toThrow(/too long/);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 6 }), (pieces) => {
        const gate = new MessageGate();
        try {
          for (const piece of pieces) gate.push(Buffer.from(piece));
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
      }),
      { numRuns: fuzzRuns(1_000_000), seed },
    );
  });

  it("takes a message of six megabytes in pieces of a kilobyte in well under a second", () => {
    const stream = message(6_000_000, 4);
    const gate = new MessageGate();
    const began = performance.now();
    let passed = 0;
    for (let at = 0; at < stream.length; at += 1024)
      for (const whole of gate.push(stream.subarray(at, at + 1024))) passed += whole.length;
    expect(passed).toBe(stream.length);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
