import type { EventLogFaultCode } from "./event-log-fault.ts";

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;
/** A refused login is tried once more, and not at once: a new password takes a moment to reach every controller. */
const REFUSED_MS = 3000;

/** Grows from 1 s to 60 s with `failures` in a row, each between half and all of its step, so that agents do not come in step. */
export function retryDelayMs(code: EventLogFaultCode, failures: number, random: () => number): number {
  const step =
    code === "login-refused" ? REFUSED_MS : Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return Math.round(step * (0.5 + random() / 2));
}
