import { setTimeout as sleep } from "node:timers/promises";
import type { ReportError } from "@rollcall/observability";
import type { Part } from "./part.ts";

/**
 * Runs a task again and again, one run at a time, `everyMs` after the last one ended.
 * A run that fails is reported and does not end the repetition. `stop` waits for the run in progress.
 */
export function repeatedly(
  name: string,
  everyMs: number,
  report: ReportError,
  task: (signal: AbortSignal) => Promise<void>,
): Part {
  let running: { controller: AbortController; ended: Promise<void> } | null = null;
  return {
    name,
    async start() {
      if (running) return;
      const controller = new AbortController();
      const loop = async () => {
        while (!controller.signal.aborted) {
          await sleep(everyMs, undefined, { signal: controller.signal }).catch(() => undefined);
          if (controller.signal.aborted) return;
          await task(controller.signal).catch((error: unknown) => {
            if (!controller.signal.aborted) report(error, { attempted: name });
          });
        }
      };
      running = { controller, ended: loop() };
    },
    async stop() {
      running?.controller.abort();
      await running?.ended;
      running = null;
    },
  };
}
