import { createHmac } from "node:crypto";
import type { EntryFilter } from "@rollcall/identity-core";
import {
  type CursorContext,
  clientTag,
  createCursorCodec,
  decodeRequest,
  jsonSuperset,
} from "@rollcall/srx-protocol";
import { anEntry, anEntryUser, aRequest } from "@rollcall/srx-protocol/testing";
import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { answerBatch } from "./answer-batch.ts";
import { LoopShare } from "./loop-share.ts";
import { PageCache } from "./page-cache.ts";
import { createReaderMemory } from "./reader-memory.ts";
import { aPoint } from "./testing/server-harness.ts";
import { TestTable } from "./testing/test-table.ts";

const seed = fuzzSeed();
const CASES = fuzzRuns(1_000_000);
const NOW = 1_760_000_000_000;
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= %\u0000é<"];
const LIVE = 5;

/** A small generator with a seed, so that a failure can be run again. Source: mulberry32, public domain. */
function random(from: number): (below: number) => number {
  let state = from;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const codecWith = (key: string) =>
  createCursorCodec({ mac: (signed) => createHmac("sha256", key).update(signed).digest() });

function aTable(): TestTable {
  const table = new TestTable();
  for (let at = 0; at < LIVE; at++) table.tell(anEntry({ ip: `10.0.0.${at}`, user: anEntryUser() }));
  for (let at = 0; at < LIVE; at++) table.tell(anEntry({ ip: `10.0.1.${at}`, user: anEntryUser() }));
  for (let at = 0; at < LIVE; at++) table.tell(anEntry({ ip: `10.0.1.${at}` }));
  table.pruneThrough(table.revision);
  return table;
}

describe(`a cursor that is not right (seed ${seed})`, () => {
  it(`is answered with the whole table, never with an error and never with nothing: ${CASES} cases`, () => {
    const next = random(seed);
    const table = aTable();
    const point = aPoint();
    const ours = codecWith("our key");
    const theirs = codecWith("another key");
    const pages = new PageCache({ bytesMax: 1_000_000, onAltered: () => undefined });
    const turns = new LoopShare(Number.POSITIVE_INFINITY, 0);
    const filter: EntryFilter = point.filter;
    const probe = createReaderMemory();
    const context = {
      source: table,
      point,
      cursors: ours,
      memory: probe,
      pages,
      turns,
      now: NOW,
    };
    const batch = (cookie: string) =>
      answerBatch(
        {
          kind: "batch",
          position: { kind: "cookie", cookie },
          limit: 1000,
          filter: { domains: [], includeIp: [], excludeIp: [] },
          warnings: [],
          asked: { cookie: "parameter", begin: null },
        },
        context,
      );
    // What this reader's own right cursor is made of, learnt from an answer.
    const first = batch("x");
    expect(first?.page.count).toBe(LIVE);
    const owner: CursorContext = {
      issuer: table.issuer,
      incarnation: table.incarnation,
      clientTag: clientTag(point.tenantId, point.id),
      filterHash: probe.filter?.hash ?? 0,
    };
    const right = ours.encode({ revision: table.revision, resendSince: null }, owner);
    expect(right).toBe(first?.cookie);
    expect(batch(right)?.page.count).toBe(0);
    expect(filter.addressSpaceIds).toEqual([]);

    const hex = () => Array.from({ length: 16 }, () => next(16).toString(16)).join("");
    const bend = (text: string, count: number): string => {
      const characters = [...text];
      for (let at = 0; at < count; at++)
        characters[next(characters.length)] = LETTERS[next(LETTERS.length)] ?? "A";
      return characters.join("");
    };
    const makers: readonly (() => string)[] = [
      () => bend(right, 1 + next(6)),
      () => right.slice(0, next(60)),
      () => right + LETTERS[next(LETTERS.length)],
      () => theirs.encode({ revision: table.revision, resendSince: null }, owner),
      () => ours.encode({ revision: table.revision, resendSince: null }, { ...owner, issuer: hex() }),
      () => ours.encode({ revision: table.revision, resendSince: null }, { ...owner, incarnation: hex() }),
      () =>
        ours.encode({ revision: table.revision, resendSince: null }, { ...owner, clientTag: next(2 ** 31) }),
      () =>
        ours.encode({ revision: table.revision, resendSince: null }, { ...owner, filterHash: next(2 ** 31) }),
      () => ours.encode({ revision: table.revision + 1 + next(2 ** 30), resendSince: null }, owner),
      () => ours.encode({ revision: next(table.floorRevision), resendSince: null }, owner),
      () =>
        ours.encode(
          { revision: next(table.floorRevision), resendSince: NOW - 86_400_000 * (1 + next(900)) },
          owner,
        ),
      () => Array.from({ length: next(120) }, () => LETTERS[next(LETTERS.length)]).join(""),
    ];
    const counts = new Array<number>(makers.length).fill(0);
    for (let at = 0; at < CASES; at++) {
      const kind = next(makers.length);
      const cookie = makers[kind]?.() ?? "";
      if (cookie === right) continue;
      counts[kind] = (counts[kind] ?? 0) + 1;
      const answer = batch(cookie);
      if (answer === null || answer.resent === null || answer.page.count !== LIVE || answer.cookie !== right)
        throw new Error(
          `case ${at}, kind ${kind}: ${JSON.stringify(cookie)} was answered with ${answer?.page.count} entries`,
        );
      // The same by the way it really comes, now and then: nothing in the text may make it another question.
      if (at % 64 === 0 && cookie !== "") {
        const raw = aRequest(`GET /q/endpoints?cookie=${encodeURIComponent(cookie).replaceAll("%20", "+")}`);
        expect(decodeRequest(raw, ours.recognises).kind).toBe("batch");
      }
    }
    expect(Math.min(...counts)).toBeGreaterThan(CASES / makers.length / 2);
    expect(jsonSuperset.frameBatch(right, 0).before).toContain(right);
  }, 600_000);
});
