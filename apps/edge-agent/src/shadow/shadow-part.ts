import type { SiteConfig } from "@rollcall/agent-protocol";
import type { IpAddress } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { builtInProfile, readProfile, type SrxProfileDocument } from "@rollcall/srx-protocol";
import type { ReportedEntry } from "@rollcall/srx-protocol/recording";
import { type LookUpView, lookUpAddress } from "../pipeline/look-up.ts";
import type { OpenedSecret } from "../sources/secret-opener.ts";
import type { Clock } from "../supervisor/clock.ts";
import { keepRunning } from "../supervisor/keep-running.ts";
import type { Part } from "../supervisor/part.ts";
import {
  type Comparison,
  compareTables,
  DIFFERENCE_KINDS,
  type Difference,
  type DifferenceKind,
} from "./compare-tables.ts";
import { OtherServer } from "./other-server.ts";
import { SHADOW_SCHEMA, type ShadowDocument, type ShadowSummary } from "./shadow-document.ts";
import type { ShadowBlock } from "./shadow-settings.ts";

/** A difference younger than this is one side being ahead of the other. */
const SETTLED_MS = 60_000;
/** From time to time everything is read anew: what a firewall that starts now would be told. */
const ANEW_MS = 3_600_000;
const ENTRIES_MAX = 2_000_000;
const EXAMPLES_MAX = 10;
const SOURCES_MAX = 5;
const ALL_MAX = 200_000;
const EXPLANATION_MAX = 6;

const MEANINGS: Readonly<Record<DifferenceKind, string>> = {
  "only-there":
    "The other server names somebody and we do not: it reads a source that we do not read, keeps people longer, or believes what we refuse (see the explanation).",
  "only-here":
    "We name somebody and the other server does not: it does not read that source, lets people go sooner, or filters this client.",
  "other-user":
    "Both name somebody, and not the same: one of them took a service account, an administrator's tool or an older logon for the owner.",
  "other-groups":
    "The same person in other groups: other filters of groups, another reading of nested ones, or a directory read at another time.",
  "other-device":
    "Another machine at the address, or one that only one side knows: DHCP, a new name, or a source of machines that one side does not read.",
};

export interface ShadowOptions {
  readonly settings: ShadowBlock;
  readonly site: () => SiteConfig | null;
  /** Opened anew at each start, so that a file that was mended is read. */
  readonly openSecret: () => Promise<OpenedSecret>;
  readonly view: () => LookUpView;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** Compares this agent's table with another server's, for as long as the agent runs. Nothing of the other's is stored. */
export interface Shadow {
  readonly part: Part;
  summary(): ShadowSummary;
  document(withAll: boolean): ShadowDocument;
}

export function createShadow(options: ShadowOptions): Shadow {
  const { settings, clock, log } = options;
  let theirs = new Map<IpAddress, ReportedEntry>();
  let known = new Map<IpAddress, Difference>();
  let comparison: Comparison | null = null;
  let pulledAt: number | null = null;
  let fault: string | null = null;
  let rejected = 0;

  function spaceId(): string {
    return settings.addressSpaceId ?? options.site()?.addressSpaces[0]?.id ?? "default";
  }

  async function compare(): Promise<void> {
    const space = spaceId();
    const ours = [...options.view().table.entries()].filter((entry) => entry.addressSpaceId === space);
    const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    comparison = await compareTables(ours, theirs, known, { at: clock.now(), pause });
    known = new Map(comparison.differences.map((difference) => [difference.ip, difference]));
  }

  /** Pages until the other has nothing more. Null, or why it failed. */
  async function pullAll(
    server: OtherServer,
    into: Map<IpAddress, ReportedEntry>,
    signal: AbortSignal,
  ): Promise<string | null> {
    for (;;) {
      const pulled = await server.pull(signal);
      if (pulled.kind === "failed") return pulled.sentence;
      rejected += pulled.rejected;
      for (const entry of pulled.entries) {
        if (entry.kind === "logoff") into.delete(entry.ip);
        else into.set(entry.ip, entry);
      }
      if (into.size > ENTRIES_MAX)
        return `The other server has more than ${ENTRIES_MAX} entries: narrow its filter.`;
      if (pulled.isLast) return null;
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    const profile = profileOf(settings, options.site());
    const opened = await options.openSecret();
    if (profile === null) throw new Error(`There is no profile named ${settings.profile}.`);
    if (opened.kind === "refused") throw new Error(opened.sentence);
    const server = new OtherServer({ settings, profile, secret: opened.secret, now: clock.now });
    let anewAt = 0;
    let compareAt = 0;
    try {
      while (!signal.aborted) {
        const isAnew = clock.now() >= anewAt;
        const into = isAnew ? new Map<IpAddress, ReportedEntry>() : theirs;
        if (isAnew) server.restart();
        const before = fault;
        fault = await pullAll(server, into, signal);
        if (fault !== null && fault !== before)
          log.warn({ component: "shadow", reason: fault }, "the other server's table cannot be read");
        if (fault === null) {
          pulledAt = clock.now();
          theirs = into;
          if (isAnew) anewAt = clock.now() + ANEW_MS;
          if (clock.now() >= compareAt) {
            await compare();
            compareAt = clock.now() + settings.compareSeconds * 1000;
          }
        }
        await clock.sleep(settings.everySeconds * 1000, signal);
      }
    } finally {
      await server.close();
    }
  }

  const part = keepRunning({
    name: "shadow comparison",
    does: "compares this agent's table with another server's",
    clock,
    random: options.random,
    log,
    async run(signal) {
      try {
        await run(signal);
      } catch (error) {
        if (!signal.aborted) fault = error instanceof Error ? error.message : String(error);
        throw error;
      }
    },
  });

  const isSettling = (difference: Difference, now: number): boolean => now - difference.since < SETTLED_MS;

  function summary(): ShadowSummary {
    const now = clock.now();
    const differences = comparison?.differences ?? [];
    const counts: Record<DifferenceKind, number> = {
      "only-there": 0,
      "only-here": 0,
      "other-user": 0,
      "other-groups": 0,
      "other-device": 0,
    };
    let settling = 0;
    for (const difference of differences) {
      if (isSettling(difference, now)) settling += 1;
      else counts[difference.kind] += 1;
    }
    const lasting = differences.length - settling;
    const state = fault !== null ? "failing" : comparison === null ? "waiting" : "comparing";
    const sentence =
      fault ??
      (comparison === null
        ? "Reads the other server's table for the first time."
        : `${comparison.same} addresses the same, ${lasting} different${settling === 0 ? "" : `, ${settling} settling`}.`);
    return {
      state,
      sentence,
      url: settings.url,
      comparedAt: comparison?.at ?? null,
      same: comparison?.same ?? 0,
      differences: counts,
      settling,
    };
  }

  return {
    part,
    summary,
    document(withAll) {
      const now = clock.now();
      const all = comparison?.differences ?? [];
      const addresses = (comparison?.same ?? 0) + all.length;
      return {
        ...summary(),
        schema: SHADOW_SCHEMA,
        at: now,
        here: comparison?.here ?? 0,
        there: comparison?.there ?? 0,
        agreement: addresses === 0 ? null : (comparison?.same ?? 0) / addresses,
        pulledAt,
        rejected,
        kinds: DIFFERENCE_KINDS.map((kind) => {
          const own = all.filter((difference) => difference.kind === kind);
          const lasting = own.filter((difference) => !isSettling(difference, now));
          const examples = [...lasting].sort((a, b) => a.since - b.since).slice(0, EXAMPLES_MAX);
          return {
            kind,
            count: lasting.length,
            settling: own.length - lasting.length,
            oldestSince: examples[0]?.since ?? null,
            meaning: MEANINGS[kind],
            sources: sourcesOf(lasting),
            examples: examples.map((difference) => ({
              ...difference,
              explanation: lookUpAddress(options.view(), difference.ip, now, spaceId())
                .flatMap(({ explanation }) => explanation)
                .slice(0, EXPLANATION_MAX),
            })),
          };
        }),
        ...(withAll ? { all: all.slice(0, ALL_MAX) } : {}),
      };
    },
  };
}

function profileOf({ profile }: ShadowBlock, site: SiteConfig | null): SrxProfileDocument | null {
  const builtIn = builtInProfile(profile);
  if (builtIn !== null) return builtIn.document;
  const custom = site?.profiles.find(({ id }) => id === profile);
  const reading = custom === undefined ? null : readProfile(custom.document);
  return reading?.kind === "profile" ? reading.profile.document : null;
}

function sourcesOf(differences: readonly Difference[]): { source: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { source } of differences) if (source !== "") counts.set(source, (counts.get(source) ?? 0) + 1);
  return [...counts]
    .map(([source, count]) => ({ source, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, SOURCES_MAX);
}
