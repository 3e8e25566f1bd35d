import { fuzzRuns, fuzzSeed, randomOf } from "@rollcall/testkit";
import { expect, it } from "vitest";
import { NdrFault } from "../ndr/index.ts";
import { spoil } from "../testing/spoil.ts";
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
