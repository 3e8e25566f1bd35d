import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DetectingDecoder, tellFraming } from "./framing.ts";
import { OctetCountedDecoder, readFrameLength } from "./octet-counted-decoder.ts";
import { readRecording } from "./testing/recorded.ts";

const MAX = 8192;
const bytes = (text: string) => Buffer.from(text, "utf8");

/** Everything a decoder yields for these chunks, as text. */
function decode(chunks: readonly Uint8Array[], decoder = new DetectingDecoder(MAX)) {
  const frames: string[] = [];
  let fault: string | null = null;
  let tooLong = 0;
  for (const chunk of chunks) {
    const decoded = decoder.push(chunk);
    frames.push(...decoded.frames.map((frame) => Buffer.from(frame).toString("utf8")));
    tooLong += decoded.tooLong;
    fault = decoded.fault;
    if (fault !== null) break;
  }
  if (fault === null) frames.push(...decoder.end().map((frame) => Buffer.from(frame).toString("utf8")));
  return { frames, fault, tooLong };
}

/** Cuts a stream at the given places. */
function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (stream.length + 1)))].sort(
    (left, right) => left - right,
  );
  const edges = [0, ...sorted, stream.length];
  return edges.slice(1).map((edge, index) => stream.subarray(edges[index], edge));
}

/** The reads of each connection of a recording: which read belongs to which was noted when it was made. */
function connectionsOf(name: string, transport: "TCP" | "TLS"): Buffer[][] {
  const reads = readRecording(name)
    .filter((read) => read.transport === transport)
    .map((read) => read.bytes);
  return transport === "TLS" ? [reads] : [reads.slice(0, 1), reads.slice(1)];
}

describe("tellFraming", () => {
  it.each([
    ["898 <86>1 2026", "octet-counted"],
    ["<86>Nov 21", "newline"],
    ["Nov 21 20:02:05 host", "newline"],
    ["12 monkeys logged in", "newline"],
    ["2026-11-21T20:02:05Z host", "newline"],
    ["0 <", "newline"],
    ["898", "undecided"],
    ["898 ", "undecided"],
    ["", "undecided"],
    ["123456789012 <", "newline"],
  ])("reads the first bytes %j as %s", (head, framing) => {
    expect(tellFraming(bytes(head))).toBe(framing);
  });
});

describe("a recorded TCP stream", () => {
  const recordings = [
    ["rsyslog-received.txt", "TCP"],
    ["syslog-ng-received.txt", "TCP"],
    ["syslog-ng-received.txt", "TLS"],
  ] as const;

  it.each(recordings)(
    "of %s over %s yields its messages whole, begun by their priority",
    (name, transport) => {
      for (const chunks of connectionsOf(name, transport)) {
        const { frames, fault } = decode(chunks);
        expect(fault).toBeNull();
        expect(frames.length).toBeGreaterThan(1);
        for (const frame of frames) expect(frame).toMatch(/^<86>.*\{"timestamp": .*\}\}\n?$/s);
      }
    },
  );

  it("holds the very message that the same sender sent as a datagram", () => {
    const reads = readRecording("rsyslog-received.txt");
    const datagram = reads.find(
      ({ transport, bytes: read }) => transport === "UDP" && read.includes("<86>1 "),
    );
    const stream = reads.find(
      ({ transport, bytes: read }) => transport === "TCP" && /^\d/.test(read.toString()),
    );
    const { frames } = decode([stream?.bytes ?? Buffer.alloc(0)]);
    expect(frames[0]).toBe(datagram?.bytes.toString("utf8"));
  });

  it("yields the same messages wherever the stream is cut", () => {
    const streams = readRecording("rsyslog-received.txt")
      .filter((read) => read.transport === "TCP")
      .map((read) => read.bytes);
    expect(streams.length).toBe(2);
    fc.assert(
      fc.property(fc.constantFrom(...streams), fc.array(fc.nat(), { maxLength: 30 }), (stream, places) => {
        expect(decode(cut(stream, places))).toEqual(decode([stream]));
      }),
      { numRuns: 500 },
    );
  });
});

describe("framing", () => {
  const message = fc.string({
    unit: fc.constantFrom(..."<>13 ab\né0\0".split("")),
    minLength: 1,
    maxLength: 60,
  });

  it("gives back any messages sent with octet counting, line feeds and all", () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (messages, places) => {
          const framed = messages.map((text) => `<1>${text}`);
          const stream = Buffer.concat(
            framed.map((text) => Buffer.from(`${Buffer.byteLength(text)} ${text}`)),
          );
          expect(decode(cut(stream, places))).toEqual({ frames: framed, fault: null, tooLong: 0 });
        },
      ),
    );
  });

  it("gives back any lines, the last one also without its line feed", () => {
    fc.assert(
      fc.property(
        fc.array(
          message.map((text) => `<1>${text.replaceAll("\n", "")}`),
          { minLength: 1 },
        ),
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.boolean(),
        (lines, places, ends) => {
          const stream = Buffer.from(lines.join("\n") + (ends ? "\n" : ""));
          expect(decode(cut(stream, places))).toEqual({ frames: lines, fault: null, tooLong: 0 });
        },
      ),
    );
  });

  it("leaves out a line that is too long, counts it once, and reads the next", () => {
    const long = `<1>${"x".repeat(4 * MAX)}`;
    const stream = bytes(`<1>a\n${long}\n<1>b\n`);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 10 }), (places) => {
        expect(decode(cut(stream, places))).toEqual({ frames: ["<1>a", "<1>b"], fault: null, tooLong: 1 });
      }),
    );
  });

  it("ends a connection whose count is too long, after the messages before it", () => {
    expect(decode([bytes(`4 <1>a${MAX + 1} <1>`)])).toEqual({
      frames: ["<1>a"],
      fault: "frame-too-long",
      tooLong: 1,
    });
  });

  it("ends a connection whose count is lost", () => {
    expect(decode([bytes("4 <1>a<1>b\n")])).toMatchObject({ frames: ["<1>a"], fault: "length-not-a-number" });
  });

  it("never takes a count for a length that a shift would turn round", () => {
    expect(readFrameLength(bytes("99999999999999999999 <"), MAX)).toEqual({
      kind: "fault",
      fault: "frame-too-long",
    });
    expect(readFrameLength(bytes("4294967297 <"), Number.MAX_SAFE_INTEGER)).toMatchObject({
      frameBytes: 4294967297,
    });
  });

  it("holds no more than its bound of what a hostile peer sends, and throws at nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 40 }), (chunks) => {
        const decoder = new DetectingDecoder(100);
        for (const chunk of chunks) {
          const { frames, fault } = decoder.push(chunk);
          for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(100);
          if (fault !== null) return;
        }
        for (const frame of decoder.end()) expect(frame.length).toBeLessThanOrEqual(100);
      }),
      { numRuns: 3000 },
    );
  });

  it("does not take a message that was announced and never came whole", () => {
    const decoder = new OctetCountedDecoder(MAX);
    expect(decoder.push(bytes("10 <1>abc")).frames).toEqual([]);
    expect(decoder.end()).toEqual([]);
  });
});
