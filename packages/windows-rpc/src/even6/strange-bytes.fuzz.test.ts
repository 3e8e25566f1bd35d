import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import { expect, it } from "vitest";
import { NdrFault } from "../ndr/index.ts";
import {
  decodeChannelList,
  decodeClosed,
  decodeLogInfo,
  decodeNext,
  decodeOpenedLog,
  decodeRegistered,
} from "./answers.ts";
import { ResultSetFault, readResultSet } from "./result-set.ts";
import {
  encodeChannelListAnswer,
  encodeClosed,
  encodeLogInfoAnswer,
  encodeNextAnswer,
  encodeOpenedLog,
  encodeRegistered,
  resultElement,
} from "./testing/server-stubs.ts";

/** Numbers that decoders stumble over. */
const EDGES = [0, 1, 2, 4, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** Mulberry32: the same seed gives the same bytes on every machine. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Changes some bytes of `whole`, whole numbers among them, and sometimes its length. */
function spoil(whole: Buffer, random: () => number): Buffer {
  const spoilt = Buffer.from(whole);
  for (let change = Math.ceil(random() * 4); change > 0; change--) {
    const at = Math.floor(random() * spoilt.length);
    if (random() < 0.5) spoilt[at] = Math.floor(random() * 256);
    else if (at + 4 <= spoilt.length)
      spoilt.writeUInt32LE(EDGES[Math.floor(random() * EDGES.length)] ?? 0, at);
  }
  return random() < 0.1 ? spoilt.subarray(0, Math.floor(random() * spoilt.length)) : spoilt;
}

const HANDLE = Buffer.alloc(20, 9);
const element = resultElement(Buffer.from("0f010100", "hex"), 12n);
const decoders: readonly (readonly [string, Buffer, (bytes: Buffer) => void])[] = [
  [
    "of a query or subscription",
    encodeRegistered({ handle: HANDLE, control: HANDLE, channels: ["A", "Security"], status: 0 }),
    decodeRegistered,
  ],
  [
    "with records",
    encodeNextAnswer([element, element, element], 0),
    (bytes) => {
      const { places, bytes: result } = decodeNext(bytes);
      for (const { at, length } of places) readResultSet(result.subarray(at, at + length));
    },
  ],
  ["of one record", element, readResultSet],
  ["with channels", encodeChannelListAnswer(["Security", "System", "A/B"]), decodeChannelList],
  ["to a closing", encodeClosed(0), decodeClosed],
  ["with a log's handle", encodeOpenedLog(HANDLE, 0), decodeOpenedLog],
  ["of a log's size", encodeLogInfoAnswer(99n, 16), decodeLogInfo],
];

const seed = fuzzSeed();

it.each(decoders)(
  `reads or refuses answers %s, and nothing else happens (seed ${seed})`,
  (_, whole, decode) => {
    const random = randomOf(seed);
    let read = 0;
    decode(whole);
    for (let run = fuzzRuns(1_000_000); run > 0; run--) {
      try {
        decode(spoil(whole, random));
        read += 1;
      } catch (error) {
        if (!(error instanceof NdrFault || error instanceof ResultSetFault)) throw error;
      }
    }
    expect(read).toBeGreaterThan(0);
  },
);
