import { type HealthReport, healthReply } from "@rollcall/agent-protocol";
import type { Clock } from "../supervisor/clock.ts";
import type { PortalLink } from "./portal-link.ts";

/** How often the agent says how it is; the gateway may ask for it less often, up to the check-in time of 20 s. */
const EVERY_MS = 5000;
const EVERY_MS_MAX = 20_000;

export interface HealthReporter {
  run(signal: AbortSignal): Promise<void>;
  /** Something changed state: say so now. */
  hurry(): void;
}

/** Says every few seconds, and at each change of state, how the agent is. */
export function createHealthReporter(options: {
  readonly link: PortalLink;
  readonly clock: Clock;
  readonly report: () => HealthReport;
}): HealthReporter {
  const { link, clock } = options;
  let hurried = new AbortController();
  return {
    hurry: () => hurried.abort(),
    async run(signal) {
      while (!signal.aborted) {
        await link.ready(signal);
        hurried = new AbortController();
        const askedAt = clock.now();
        const answer = await link.ask({
          method: "POST",
          path: "/v1/health",
          answer: healthReply,
          body: options.report(),
          signal,
        });
        let waitMs = EVERY_MS;
        if (answer.kind === "answer") {
          link.noteServerTime(answer.value.serverTime, askedAt);
          waitMs = Math.min(Math.max(answer.value.nextInMs, 1000), EVERY_MS_MAX);
        }
        await clock
          .sleep(Math.min(waitMs, EVERY_MS), AbortSignal.any([signal, hurried.signal]))
          .catch(() => undefined);
      }
    },
  };
}
