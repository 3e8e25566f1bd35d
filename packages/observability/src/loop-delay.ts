import { monitorEventLoopDelay } from "node:perf_hooks";

/** How late work was done that was due, over the last one to two minutes. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface LoopWatch {
  read(): LoopDelay;
  stop(): void;
}

/** How often it is looked: what is measured is how much later than this a look comes. */
const RESOLUTION_MS = 10;
const WINDOW_MS = 60_000;

/**
 * Watches how late this process comes to what is due: the one figure that shows a process which is too busy to answer,
 * whatever keeps it so. It keeps the process alive no longer than others do.
 */
export function watchLoopDelay(): LoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let before: LoopDelay | null = null;
  const look = (): LoopDelay => ({
    p50Ms: late(histogram.percentile(50)),
    p99Ms: late(histogram.percentile(99)),
    maxMs: late(histogram.max),
  });
  histogram.enable();
  const timer = setInterval(() => {
    before = look();
    histogram.reset();
  }, WINDOW_MS);
  timer.unref();
  return {
    read() {
      const present = look();
      if (before === null) return present;
      return {
        p50Ms: Math.max(before.p50Ms, present.p50Ms),
        p99Ms: Math.max(before.p99Ms, present.p99Ms),
        maxMs: Math.max(before.maxMs, present.maxMs),
      };
    },
    stop() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

let ofProcess: LoopWatch | null = null;

/** Of this process, which has one event loop and so needs one watch: begun with the first question, and never ended. */
export function loopDelay(): LoopDelay {
  ofProcess ??= watchLoopDelay();
  return ofProcess.read();
}

/** The histogram holds nanoseconds between two looks; before the first one its greatest value has no meaning. */
function late(nanoseconds: number): number {
  const ms = nanoseconds / 1e6 - RESOLUTION_MS;
  return Number.isFinite(ms) && ms > 0 && ms < 1e9 ? Math.round(ms * 10) / 10 : 0;
}
