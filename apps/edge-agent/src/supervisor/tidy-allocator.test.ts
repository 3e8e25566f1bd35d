import { describe, expect, it } from "vitest";
import { restartWithTidyAllocator } from "./tidy-allocator.ts";

function restartsOf(platform: string, environment: Readonly<Record<string, string>>): unknown[] {
  const restarts: unknown[] = [];
  restartWithTidyAllocator({ platform, environment, restart: (next) => restarts.push(next) });
  return restarts;
}

describe("a start with the allocator told", () => {
  it("begins anew once, with all that was in the environment, and not again", () => {
    const [first, ...more] = restartsOf("linux", { HOME: "/root" });
    expect(more).toEqual([]);
    expect(first).toMatchObject({ HOME: "/root", MALLOC_ARENA_MAX: "2" });
    expect(restartsOf("linux", first as Record<string, string>)).toEqual([]);
  });

  it("leaves a system with another allocator, and an operator's own choice, as they are", () => {
    expect(restartsOf("win32", {})).toEqual([]);
    expect(restartsOf("linux", { MALLOC_ARENA_MAX: "4" })).toEqual([]);
    expect(() => restartWithTidyAllocator({ platform: "linux", environment: {} })).not.toThrow();
  });
});
