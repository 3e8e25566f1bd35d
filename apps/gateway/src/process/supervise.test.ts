import { silentLogger } from "@rollcall/observability";
import { describe, expect, it } from "vitest";
import type { Part } from "./part.ts";
import { supervise } from "./supervise.ts";

function parts(log: string[], failing?: string, hanging?: string): Part[] {
  return ["a", "b", "c"].map((name) => ({
    name,
    async start() {
      log.push(`start ${name}`);
      if (name === failing) throw new Error(`${name} cannot start`);
    },
    async stop() {
      log.push(`stop ${name}`);
      if (name === hanging) await new Promise(() => undefined);
    },
  }));
}

async function run(which: Part[], log: string[], stop: AbortController) {
  const code = supervise(which, {
    log: silentLogger,
    until: stop.signal,
    beforeStop: () => void log.push("begin stop"),
    stopBudgetMs: 50,
  });
  setImmediate(() => stop.abort());
  return code;
}

describe("supervision", () => {
  it("starts in order and stops in reverse, after readiness was taken away", async () => {
    const log: string[] = [];
    expect(await run(parts(log), log, new AbortController())).toBe(0);
    expect(log).toEqual(["start a", "start b", "start c", "begin stop", "stop c", "stop b", "stop a"]);
  });

  it("stops what had begun when one part cannot start, and gives 1", async () => {
    const log: string[] = [];
    expect(await run(parts(log, "b"), log, new AbortController())).toBe(1);
    expect(log).toEqual(["start a", "start b", "begin stop", "stop b", "stop a"]);
  });

  it("ends after its budget though a part does not stop", async () => {
    const log: string[] = [];
    expect(await run(parts(log, undefined, "c"), log, new AbortController())).toBe(0);
    expect(log.at(-1)).toBe("stop c");
  });

  it("starts nothing when it was asked to end before it began", async () => {
    const log: string[] = [];
    const ended = new AbortController();
    ended.abort();
    expect(await run(parts(log), log, ended)).toBe(0);
    expect(log).toEqual(["begin stop"]);
  });
});
