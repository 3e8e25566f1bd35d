import type { EpochMs } from "./observation.ts";

/** What becomes of the people a source named once it cannot be heard. One for each enforcement point. */
export interface DarkPolicy {
  readonly whenSourcesDark: "hold" | "shorten" | "drop";
  /** With `shorten`: how long people are still named. */
  readonly darkMinutes: number;
  /** A source counts as lost only after this long: a restart is not a loss. */
  readonly darkAfterMs: number;
}

/**
 * How one source is. `darkSince`: since when it cannot be heard, by the one who knows it longest; null: it can be, also
 * where it says nothing. An agent that is gone takes its sources with it as of its last word.
 */
export interface SourceLight {
  readonly sourceId: string;
  readonly darkSince: EpochMs | null;
}

export interface Darkness {
  /** Whose people the enforcement point is not told of, sorted. */
  readonly darkSourceIds: readonly string[];
  /** When time alone changes that; null: never. */
  readonly nextChangeAt: EpochMs | null;
}

/**
 * Decides whose people one enforcement point is no longer told of.
 *
 * Shape:  the same code decides at the agent and in the cloud. It can only take names away: nothing here prolongs anything.
 * Units:  epoch ms; `darkMinutes` counts from when the source was lost.
 * Source: semantics 11 ("Source dark"); rulings, "Lifetime and clocks"; docs/adr/0016-fail-safe-as-a-filter.md.
 */
export function darkSourcesFor(policy: DarkPolicy, sources: readonly SourceLight[], now: EpochMs): Darkness {
  if (policy.whenSourcesDark === "hold") return { darkSourceIds: [], nextChangeAt: null };
  const graceMs =
    policy.whenSourcesDark === "drop"
      ? policy.darkAfterMs
      : Math.max(policy.darkAfterMs, policy.darkMinutes * 60_000);
  const darkSourceIds: string[] = [];
  let nextChangeAt: EpochMs | null = null;
  for (const { sourceId, darkSince } of sources) {
    if (darkSince === null) continue;
    const lostAt = darkSince + graceMs;
    if (lostAt <= now) darkSourceIds.push(sourceId);
    else if (nextChangeAt === null || lostAt < nextChangeAt) nextChangeAt = lostAt;
  }
  return { darkSourceIds: darkSourceIds.sort(), nextChangeAt };
}

/** What one party knows of the sources it carries. */
export interface CarrierReport {
  /** When it last spoke: null where it speaks now (an agent, of itself). */
  readonly lastWordAt: EpochMs | null;
  readonly sources: readonly {
    readonly id: string;
    readonly isBroken: boolean;
    /** Since when it is so. */
    readonly since: EpochMs;
  }[];
}

/**
 * What is known of each source, of all who carry it: one that hears it is enough.
 * Shape: sources that nobody ever reported are not listed, and so not dark. A carrier is gone once it has said nothing
 *        for `goneAfterMs`: then all it carries is dark since its last word.
 */
export function lightsOf(
  carriers: readonly CarrierReport[],
  now: EpochMs,
  goneAfterMs: number,
): SourceLight[] {
  const lights = new Map<string, EpochMs | null>();
  for (const { lastWordAt, sources } of carriers) {
    const isGone = lastWordAt !== null && now - lastWordAt >= goneAfterMs;
    for (const { id, isBroken, since } of sources) {
      const brokenSince = isBroken ? Math.min(since, now) : null;
      const darkSince = isGone ? Math.min(brokenSince ?? lastWordAt, lastWordAt) : brokenSince;
      const others = lights.get(id);
      // The last one to lose it counts.
      lights.set(
        id,
        others === undefined
          ? darkSince
          : others === null || darkSince === null
            ? null
            : Math.max(others, darkSince),
      );
    }
  }
  return [...lights].map(([sourceId, darkSince]) => ({ sourceId, darkSince }));
}
