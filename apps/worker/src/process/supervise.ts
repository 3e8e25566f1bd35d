import type { Logger } from "@rollcall/observability";
import type { Part } from "./part.ts";

export interface SuperviseOptions {
  readonly log: Logger;
  /** Aborted when the process is asked to end. */
  readonly until: AbortSignal;
  readonly stopBudgetMs: number;
  /** Told once everything runs. */
  readonly onReady?: () => void;
}

/**
 * Starts the parts in order, waits for the signal, stops them in reverse within the budget.
 *
 * Shape: the exit code. 1 when a part could not start (its sentence is logged). All parts are stopped, also those
 *        that had not started: making one may have opened something. Those that do not stop in time are named and
 *        left to the end of the process.
 */
export async function supervise(parts: readonly Part[], options: SuperviseOptions): Promise<number> {
  const { log, until } = options;
  let code = 0;
  for (const part of parts) {
    if (until.aborted) break;
    try {
      await part.start();
    } catch (error) {
      log.fatal(
        { component: part.name, err: error },
        error instanceof Error ? error.message : "part did not start",
      );
      code = 1;
      break;
    }
  }
  if (code === 0 && !until.aborted) {
    log.info({ count: parts.length }, "worker ready");
    options.onReady?.();
    await aborted(until);
  }
  for (const name of await stopWithin(parts.toReversed(), options))
    log.warn({ component: name }, "part did not stop in time");
  log.info({ exitCode: code }, "worker stopped");
  return code;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function stopWithin(
  parts: readonly Part[],
  { log, stopBudgetMs }: SuperviseOptions,
): Promise<string[]> {
  const open = new Set(parts.map((part) => part.name));
  const work = (async () => {
    for (const part of parts) {
      await part
        .stop()
        .catch((error: unknown) => log.warn({ component: part.name, err: error }, "part stopped badly"));
      open.delete(part.name);
    }
  })();
  let timer: NodeJS.Timeout | undefined;
  const budget = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, stopBudgetMs);
  });
  await Promise.race([work, budget]);
  clearTimeout(timer);
  return [...open];
}

/** A signal that fires when the process is asked to end. */
export function untilTerminated(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => controller.abort(name));
  return controller.signal;
}
