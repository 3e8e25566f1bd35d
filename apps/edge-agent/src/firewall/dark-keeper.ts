import type { EnforcementPointConfig } from "@rollcall/agent-protocol";
import type { SourceHealth } from "@rollcall/collectors/collector";
import { ALARM_MS } from "@rollcall/health";
import { darkSourcesFor, type EntryFilter, lightsOf, type SourceLight } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { Clock } from "../supervisor/clock.ts";
import { keepRunning } from "../supervisor/keep-running.ts";
import type { Part } from "../supervisor/part.ts";

/** A point with the sources whose people it is not told of now. */
export interface DarkenedPoint extends EnforcementPointConfig {
  readonly darkSourceIds?: readonly string[];
}

/** What the firewall of a point is told of. */
export function filterOf(point: DarkenedPoint): EntryFilter {
  return {
    addressSpaceIds: point.addressSpaceIds,
    domains: point.domains.map((domain) => domain.toLowerCase()),
    includeIp: point.includeIp,
    excludeIp: point.excludeIp,
    ipv6: point.ipv6,
    ...(point.darkSourceIds?.length ? { darkSourceIds: point.darkSourceIds } : {}),
  };
}

/** Whoever tells firewalls: the listener, the pusher. */
export interface PointReceiver {
  setPoints(points: readonly DarkenedPoint[]): void;
}

export interface DarkKeeper {
  readonly part: Part;
  /** Takes the points of a configuration and hands them on, each with what is dark for it. */
  setPoints(points: readonly EnforcementPointConfig[]): void;
  /** Looks at the sources again; hands the points on where anything changed. */
  look(): void;
  /** Who is told of entries now, and through which filter. */
  readers(): readonly { readonly name: string; readonly filter: EntryFilter }[];
  /** Sources whose people some firewall is not told of, and since when they cannot be heard. */
  darkSources(): readonly { readonly sourceId: string; readonly since: number }[];
}

/** How often it is looked whether a source was lost or has come back. */
const LOOK_MS = 1000;

/**
 * Keeps each firewall from being told of people whose source this agent can no longer hear, as its point is set.
 *
 * Holds    the points of the configuration, and what is dark for each.
 * Promises a change of what is dark is a change of the point's filter, and so a full resend with the logoffs in it; a
 *          source that is merely silent is not dark.
 * Source:  semantics 11; docs/adr/0016-fail-safe-as-a-filter.md.
 */
export function createDarkKeeper(options: {
  readonly receivers: readonly PointReceiver[];
  readonly sources: () => readonly SourceHealth[];
  /** Told of every source that cannot be heard, whatever points do about it. */
  readonly onDark?: (sourceIds: ReadonlySet<string>) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): DarkKeeper {
  const { receivers, clock, log } = options;
  let points: readonly EnforcementPointConfig[] = [];
  let told = "";
  let handed: readonly DarkenedPoint[] = [];
  let dark: readonly { readonly sourceId: string; readonly since: number }[] = [];

  function lights(now: number): SourceLight[] {
    const sources = options
      .sources()
      .map(({ id, state, since }) => ({ id, isBroken: state === "broken", since }));
    return lightsOf([{ lastWordAt: null, sources }], now, ALARM_MS);
  }

  function darkened(now: number): DarkenedPoint[] {
    const known = lights(now);
    options.onDark?.(
      new Set(known.flatMap(({ sourceId, darkSince }) => (darkSince === null ? [] : [sourceId]))),
    );
    const since = new Map(
      known.flatMap(({ sourceId, darkSince }) => (darkSince === null ? [] : [[sourceId, darkSince]])),
    );
    const all = new Set<string>();
    const made = points.map((point) => {
      const { darkSourceIds } = darkSourcesFor({ ...point, darkAfterMs: ALARM_MS }, known, now);
      for (const id of darkSourceIds) all.add(id);
      return darkSourceIds.length === 0 ? point : { ...point, darkSourceIds };
    });
    dark = [...all].sort().map((sourceId) => ({ sourceId, since: since.get(sourceId) ?? now }));
    return made;
  }

  function keyOf(made: readonly DarkenedPoint[]): string {
    return JSON.stringify(made.map(({ id, darkSourceIds }) => [id, darkSourceIds ?? []]));
  }

  function look(): void {
    const before = dark.map(({ sourceId }) => sourceId).join();
    const made = darkened(clock.now());
    const key = keyOf(made);
    if (key === told) return;
    told = key;
    const after = dark.map(({ sourceId }) => sourceId);
    if (after.join() !== before)
      log.warn(
        { sources: after },
        after.length > 0
          ? "firewalls are no longer told of people whose sources cannot be heard"
          : "all sources are heard again; firewalls are told of everybody",
      );
    hand(made);
  }

  function hand(made: readonly DarkenedPoint[]): void {
    handed = made;
    for (const receiver of receivers) receiver.setPoints(made);
  }

  return {
    part: keepRunning({
      name: "fail-safe",
      does: "takes names away from firewalls when their sources cannot be heard",
      clock,
      random: options.random,
      log,
      async run(signal) {
        while (!signal.aborted) {
          look();
          await clock.sleep(LOOK_MS, signal);
        }
      },
    }),
    setPoints(next) {
      points = next;
      const made = darkened(clock.now());
      told = keyOf(made);
      hand(made);
    },
    look,
    readers: () => handed.map((point) => ({ name: point.name, filter: filterOf(point) })),
    darkSources: () => dark,
  };
}
