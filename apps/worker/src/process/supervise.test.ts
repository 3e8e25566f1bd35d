import { silentLogger } from "@rollcall/observability";
import { describe, expect, it } from "vitest";
import type { Part } from "./part.ts";
import { supervise } from "./supervise.ts";

function recorded(names: readonly string[], faulty: { start?: string; stop?: string } = {}) {
  const events: string[] = [];
  const parts = names.map(
    (name): Part => ({
      name,
      async start() {
        events.push(`start ${name}`);
        if (faulty.start === name) throw new Error(`${name} is taken`);
      },
      async stop() {
        events.push(`stop ${name}`);
        if (faulty.stop === name) await new Promise(() => {});
      },
    }),
  );
  return { parts, events };
}

describe("supervise", () => {
  it("starts in order, stops in reverse, and ends with 0", async () => {
    const { parts, events } = recorded(["a", "b"]);
    const end = new AbortController();
    const code = await supervise(parts, {
      log: silentLogger,
      until: end.signal,
      stopBudgetMs: 1000,
      onReady: () => end.abort(),
    });
    expect(code).toBe(0);
    expect(events).toEqual(["start a", "start b", "stop b", "stop a"]);
  });

  it("stops everything when a part cannot start, and ends with 1", async () => {
    const { parts, events } = recorded(["a", "b", "c"], { start: "b" });
    const code = await supervise(parts, {
      log: silentLogger,
      until: new AbortController().signal,
      stopBudgetMs: 1000,
    });
    expect(code).toBe(1);
    expect(events).toEqual(["start a", "start b", "stop c", "stop b", "stop a"]);
  });

  it("does not wait for ever for a part that will not stop", async () => {
    const { parts, events } = recorded(["a", "b"], { stop: "b" });
    const end = new AbortController();
    const code = await supervise(parts, {
      log: silentLogger,
      until: end.signal,
      stopBudgetMs: 20,
      onReady: () => end.abort(),
    });
    expect(code).toBe(0);
    expect(events).not.toContain("stop a");
  });
});
