import type { Logger } from "@rollcall/observability";
import { messageOf } from "../agent-error.ts";
import { backoffMs } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import { HealthRecord, type Part } from "./part.ts";

/** Failures in a row after which a task counts as broken; it is still tried again. */
const BROKEN_AFTER = 3;
/** A task that ran this long has recovered: its next failure counts as the first. */
const RECOVERED_AFTER_MS = 60_000;

export interface KeepRunningOptions {
  readonly name: string;
  /** Runs until the signal; returning earlier counts as a failure. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** What this task does, for the sentence of its health: "reads configuration from the portal". */
  readonly does: string;
}

/**
 * Makes a part of a task that must never stop: it is started again with backoff, loudly, for as long as the agent runs.
 */
export function keepRunning(options: KeepRunningOptions): Part {
  const { name, clock, log } = options;
  const health = new HealthRecord(clock.now, "off", "not started");
  let stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function loop(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = clock.now();
      let reason = "it ended by itself";
      try {
        health.set("ok", options.does);
        await options.run(signal);
      } catch (error) {
        reason = messageOf(error);
        if (!signal.aborted) log.warn({ component: name, err: error, attempt: failures + 1 }, "task failed");
      }
      if (signal.aborted) return;
      if (clock.now() - startedAt >= RECOVERED_AFTER_MS) failures = 0;
      failures += 1;
      health.set(
        failures >= BROKEN_AFTER ? "broken" : "degraded",
        `${reason}; tried ${failures} times, trying again`,
      );
      if (failures === BROKEN_AFTER)
        log.error({ component: name, attempt: failures, reason }, "task keeps failing");
      await clock.sleep(backoffMs(failures, options.random()), signal).catch(() => undefined);
    }
  }

  return {
    name,
    async start() {
      stopping = new AbortController();
      running = loop(stopping.signal);
    },
    async stop() {
      stopping.abort();
      await running;
      health.set("off", "stopped");
    },
    health: () => health.current,
  };
}
