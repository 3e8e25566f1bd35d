import type { Logger } from "@rollcall/observability";
import type { Part } from "./part.ts";

export interface SuperviseOptions {
  readonly log: Logger;
  /** Aborted when the process is asked to end. */
  readonly until: AbortSignal;
  /** What must be done before the first part is stopped: readiness goes, waits end. */
  readonly beforeStop: () => void;
  readonly stopBudgetMs: number;
}

/**
 * Starts the parts in order, waits for the signal, stops them in reverse.
 *
 * Errors: gives back the exit code. A part that cannot start stops those before it and gives 1; its sentence is logged.
 *         Parts that do not stop within the budget are named and left to the end of the process.
 */
export async function supervise(parts: readonly Part[], options: SuperviseOptions): Promise<number> {
  const { log, until } = options;
  const started: Part[] = [];
  let code = 0;
  for (const part of parts) {
    if (until.aborted) break;
    try {
      started.push(part);
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
    log.info({ count: started.length }, "gateway ready");
    await new Promise<void>((resolve) => until.addEventListener("abort", () => resolve(), { once: true }));
  }
  options.beforeStop();
  const late = await stopWithin(started.toReversed(), options);
  for (const name of late) log.warn({ component: name }, "part did not stop in time");
  log.info({ exitCode: code }, "gateway stopped");
  return code;
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

/** A signal that fires when the process is asked to end (SIGTERM, SIGINT). A second SIGINT ends it at once. */
export function untilTerminated(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => controller.abort(name));
  return controller.signal;
}
