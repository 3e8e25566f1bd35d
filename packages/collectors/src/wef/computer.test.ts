import { parseIp } from "@rollcall/identity-core";
import { describe, expect, it } from "vitest";
import { Computer } from "./computer.ts";
import { writeMark } from "./computer-mark.ts";

const NINE = Date.UTC(2026, 0, 5, 9);
const MINUTE = 60_000;
const desk = ip("10.0.0.7");
const hall = ip("10.0.1.7");

function ip(text: string) {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is no address`);
  return parsed;
}

describe("where a computer was", () => {
  it("is where it spoke from: a logon a little before the first word counts there, one of long before nowhere", () => {
    const computer = new Computer("pc7", null, NINE);
    computer.heardFrom(desk, NINE);
    expect(computer.placeAt(NINE - MINUTE)).toBe(desk);
    expect(computer.placeAt(NINE - 11 * MINUTE)).toBeNull();
  });

  it("changes with the address it speaks from, each for its time", () => {
    const computer = new Computer("pc7", null, NINE);
    computer.heardFrom(desk, NINE);
    computer.heardFrom(desk, NINE + 20 * MINUTE);
    computer.heardFrom(hall, NINE + 60 * MINUTE);
    expect(computer.placeAt(NINE + 5 * MINUTE)).toBe(desk);
    expect(computer.placeAt(NINE + 55 * MINUTE)).toBe(hall);
    // Between the two it was on its way.
    expect(computer.placeAt(NINE + 40 * MINUTE)).toBeNull();
  });

  it("is remembered over a restart where it comes from the same address again", () => {
    const before = new Computer("pc7", null, NINE);
    before.heardFrom(desk, NINE);
    const kept = writeMark({
      marks: [{ channel: "Security", recordId: "7", isCurrent: true }],
      stay: before.stay,
    });
    const after = new Computer("pc7", kept, NINE + 180 * MINUTE);
    expect(after.marks).toEqual([{ channel: "Security", recordId: "7", isCurrent: true }]);
    after.heardFrom(desk, NINE + 180 * MINUTE);
    expect(after.placeAt(NINE + 90 * MINUTE)).toBe(desk);
    const moved = new Computer("pc7", kept, NINE + 180 * MINUTE);
    moved.heardFrom(hall, NINE + 180 * MINUTE);
    expect(moved.placeAt(NINE + 90 * MINUTE)).toBeNull();
  });

  it.each(["", "{", "[]", '{"marks":[["Security"]]}', '{"marks":[],"ip":"x","from":1,"until":2}'])(
    "begins anew where what was kept cannot be read: %s",
    (kept) => {
      const computer = new Computer("pc7", kept, NINE);
      expect([computer.marks, computer.stay]).toEqual([[], null]);
    },
  );
});
