import fc from "fast-check";
import { expect, test } from "vitest";
import { AnswerPieces } from "./answer-pieces.ts";

const KIB = 1024;

function all(parts: readonly Uint8Array[], bytesMax: number): Uint8Array[] {
  const pieces = new AnswerPieces(parts, bytesMax);
  const taken: Uint8Array[] = [];
  for (let piece = pieces.next(); piece !== null; piece = pieces.next()) taken.push(piece);
  return taken;
}

test("pieces are the parts in their order, none of them longer than is allowed", () => {
  const part = fc.integer({ min: 0, max: 70 * KIB }).map((length) => Buffer.alloc(length, length % 251));
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 5 }),
      fc.integer({ min: 1, max: 60 * KIB }),
      (parts, bytesMax) => {
        const pieces = all(parts, bytesMax);
        expect(Buffer.concat(pieces).equals(Buffer.concat(parts))).toBe(true);
        for (const { length } of pieces) expect(length).toBeLessThanOrEqual(bytesMax);
      },
    ),
    { numRuns: 50 },
  );
});

test("a page of many strips is not copied where two strips meet", () => {
  const strips = Array.from({ length: 12 }, (_, at) => Buffer.alloc(25 * KIB, at));
  const pieces = all([Buffer.alloc(400), ...strips, Buffer.alloc(2)], 64 * KIB);
  const own = new Set<unknown>(strips.map(({ buffer }) => buffer));
  const copied = pieces.filter(({ buffer }) => !own.has(buffer)).reduce((sum, { length }) => sum + length, 0);
  expect(copied).toBeLessThanOrEqual(32 * KIB);
  expect(Buffer.concat(pieces).equals(Buffer.concat([Buffer.alloc(400), ...strips, Buffer.alloc(2)]))).toBe(
    true,
  );
});

test("a page is not copied but for its two ends", () => {
  const page = Buffer.alloc(700 * KIB, 1);
  const pieces = all([Buffer.alloc(400), page, Buffer.alloc(2)], 128 * KIB);
  const copied = pieces
    .filter(({ buffer }) => buffer !== page.buffer)
    .reduce((sum, { length }) => sum + length, 0);
  expect(copied).toBeLessThanOrEqual(32 * KIB);
  expect(pieces.length).toBeLessThanOrEqual(8);
});
