import type { PushState } from "@rollcall/agent-protocol";
import { METRICS } from "@rollcall/observability";
import type { Metric } from "./metrics-text.ts";

/** What can be counted of posting to firewalls. */
export function pushMetrics(states: readonly PushState[]): Metric[] {
  const of = (
    name: string,
    help: string,
    type: Metric["type"],
    read: (state: PushState) => number,
  ): Metric => ({
    name,
    help,
    type,
    samples: states.map((state) => ({
      labels: { enforcement_point: state.enforcementPointId },
      value: read(state),
    })),
  });
  return [
    of(METRICS.pushPosts, "Posts to a firewall's Web API.", "counter", ({ posts }) => posts),
    of(METRICS.pushEntries, "Entries that a firewall's Web API took.", "counter", ({ entries }) => entries),
    of(METRICS.pushFailures, "Posts that were not taken.", "counter", ({ failures }) => failures),
    of(METRICS.pushPending, "Changes not yet told to a firewall.", "gauge", ({ pending }) => pending),
    of("push_up", "1 while a firewall takes posts.", "gauge", ({ state }) =>
      state === "ok" || state === "resyncing" ? 1 : 0,
    ),
  ];
}

/** The first firewall that takes no posts, with its name. */
export function firstSilentPush<P extends Pick<PushState, "state">>(pushes: readonly P[]): P | null {
  return pushes.find(({ state }) => state === "refused" || state === "broken") ?? null;
}
