import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { fuzzRuns, fuzzSeed, randomOf } from "@rollcall/testkit";
import { expect, test } from "vitest";
import { parseWithNode } from "../testing/node-parser.ts";
import { mutatedRequests, wellFormedRequest } from "../testing/random-requests.ts";
import { RequestReader } from "./request-reader.ts";

interface Read {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What Node's server would hand to its listener: llhttp's reading, with the one thing that Node itself refuses. */
function readTheirs(pieces: readonly Buffer[]): { readonly read: Read[]; readonly isUpgrade: boolean } {
  const read: Read[] = [];
  for (const { method, url, rawHeaders, body, isHttp11, isUpgrade } of parseWithNode(pieces, 64 * 1024)) {
    const headers = joined(rawHeaders);
    if (isHttp11 && headers.host === undefined) break;
    read.push({ method, url, headers, body });
    if (isUpgrade) return { read, isUpgrade };
  }
  return { read, isUpgrade: false };
}

/** By the code that joins them in Node. */
function joined(rawHeaders: readonly string[]): Record<string, string> {
  const message = new IncomingMessage(new Socket()) as IncomingMessage & {
    _addHeaderLines(lines: readonly string[], count: number): void;
  };
  message._addHeaderLines(rawHeaders, rawHeaders.length);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return headers;
}

/** What our reader takes of the same bytes: requests, then whether it refused something. */
function readOurs(pieces: readonly Buffer[]): { readonly read: Read[]; readonly isRefused: boolean } {
  const reader = new RequestReader(16 * 1024, 64 * 1024);
  const read: Read[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (;;) {
      const reading = reader.next();
      if (reading.kind === "incomplete") break;
      if (reading.kind === "fault") return { read, isRefused: true };
      if (reading.kind === "continue") continue;
      const { method, url, headers, body, keepAlive } = reading.request;
      if (body === null) return { read, isRefused: true };
      read.push({ method, url, headers: { ...headers }, body });
      // Node too reads nothing more on a connection that was to be closed.
      if (!keepAlive) return { read, isRefused: true };
    }
  }
  return { read, isRefused: false };
}

function cut(bytes: Buffer, random: () => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = random() < 0.5 ? bytes.length : 1 + Math.floor(random() * 40);
    // Copies: a reader that keeps a view of bytes that were given away would be found out.
    pieces.push(Buffer.from(bytes.subarray(at, at + length)));
    at += length;
  }
  return pieces;
}

const seed = fuzzSeed();
const runs = fuzzRuns(400_000);
test(`what we take, Node's parser takes with the same meaning, over ${runs} mutated requests (seed ${seed})`, {
  timeout: 3_600_000,
}, () => {
  const random = randomOf(seed);
  let taken = 0;
  let refusedByUs = 0;
  for (let run = 0; run < runs; run++) {
    const bytes = mutatedRequests(random);
    const ours = readOurs(cut(bytes, random));
    const { read: theirs, isUpgrade } = readTheirs(cut(bytes, random));
    const what = `run ${run}, seed ${seed}: ${JSON.stringify(bytes.toString("latin1"))}`;
    const compared = isUpgrade ? ours.read.slice(0, theirs.length) : ours.read;
    if (!isDeepStrictEqual(compared, theirs.slice(0, compared.length)))
      expect(compared, what).toEqual(theirs.slice(0, compared.length));
    if (!ours.isRefused && !isUpgrade) expect(ours.read.length, what).toBe(theirs.length);
    taken += ours.read.length;
    refusedByUs += Number(ours.isRefused);
  }
  // Both happen often enough for the comparison to mean something.
  expect(taken).toBeGreaterThan(runs / 4);
  expect(refusedByUs).toBeGreaterThan(runs / 10);
});

const wellFormedRuns = fuzzRuns(100_000);
test(`what a client writes as RFC 9112 says is taken by both, over ${wellFormedRuns} requests (seed ${seed})`, {
  timeout: 3_600_000,
}, () => {
  const random = randomOf(seed + 1);
  for (let run = 0; run < wellFormedRuns; run++) {
    const bytes = wellFormedRequest(random);
    const what = `run ${run}, seed ${seed}: ${JSON.stringify(bytes.toString("latin1"))}`;
    const ours = readOurs(cut(bytes, random));
    expect(ours.read, what).toHaveLength(1);
    expect(ours.read, what).toEqual(readTheirs([bytes]).read);
  }
});
