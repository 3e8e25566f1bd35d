import { composeEntry, sameEntry } from "../compose-entry.ts";
import type { Entry } from "../entry.ts";
import { evaluateKey } from "../evaluate-key.ts";
import { applyObservation, emptyKeyState, type KeyState } from "../key-state.ts";
import type { EpochMs, Observation, PrincipalFacts, PrincipalName } from "../observation.ts";
import { keyOfUnknown, type PrincipalLookup, tokensOf, tokensOfFacts } from "../principal-directory.ts";

/**
 * The session table as one would write it without a thought of memory or time: plain objects, every address looked at
 * again at every step. What the packed table is compared with.
 */
export class PlainTable {
  readonly states = new Map<string, KeyState>();
  readonly entries = new Map<string, Entry>();
  readonly facts = new Map<string, PrincipalFacts>();
  readonly #tombstoneMs: number;
  #prunedAt = 0;

  constructor(tombstoneMs = 86_400_000) {
    this.#tombstoneMs = tombstoneMs;
  }

  apply(observations: readonly Observation[], now: EpochMs): string[] {
    const touched = new Set<string>();
    for (const observation of observations) {
      const place = `${observation.addressSpaceId}|${observation.ip}`;
      const before = this.states.get(place) ?? emptyKeyState(observation.addressSpaceId, observation.ip);
      const after = applyObservation(before, observation);
      if (after === before) continue;
      this.states.set(place, after);
      touched.add(place);
    }
    return this.#reconsider(touched, now);
  }

  applyFacts(facts: readonly PrincipalFacts[], now: EpochMs): string[] {
    const touched = new Set<string>();
    for (const one of facts) {
      const before = this.facts.get(one.key);
      // Tests give no two reports of one time.
      if (before !== undefined && before.asOf >= one.asOf) continue;
      this.facts.set(one.key, one);
      const tokens = new Set([...tokensOfFacts(one), ...(before === undefined ? [] : tokensOfFacts(before))]);
      for (const [place, { user, device }] of this.states)
        if (
          [...user.claims, ...device.claims].some(({ principal }) =>
            tokensOf(principal).some((token) => tokens.has(token)),
          )
        )
          touched.add(place);
    }
    return this.#reconsider(touched, now);
  }

  advance(now: EpochMs): string[] {
    const changed = this.#reconsider(this.states.keys(), now);
    if (now - this.#prunedAt < 60_000) return changed;
    this.#prunedAt = now;
    const before = now - this.#tombstoneMs;
    for (const [place, state] of this.states) {
      const entry = this.entries.get(place);
      const isOver =
        entry === undefined
          ? lastBearing(state) < before
          : entry.user === null && entry.device === null && entry.changedAt < before;
      if (!isOver) continue;
      this.states.delete(place);
      this.entries.delete(place);
    }
    return changed;
  }

  /** Places of which a reader is to be told. */
  #reconsider(places: Iterable<string>, now: EpochMs): string[] {
    const changed: string[] = [];
    for (const place of places) {
      const state = this.states.get(place);
      if (state === undefined) continue;
      const evaluation = evaluateKey(state, this.#lookup, now);
      const previous = this.entries.get(place) ?? null;
      const next = composeEntry(state, evaluation, this.#lookup, previous, 0, now);
      if (previous !== null && sameEntry(previous, next))
        this.entries.set(place, { ...next, changedAt: previous.changedAt });
      else if (previous !== null || next.user !== null || next.device !== null) {
        this.entries.set(place, next);
        changed.push(place);
      }
    }
    return changed;
  }

  readonly #lookup: PrincipalLookup = {
    resolve: (name: PrincipalName) => {
      for (const token of tokensOf(name)) {
        const meant = [...this.facts.values()].filter((facts) => tokensOfFacts(facts).includes(token));
        const [only] = meant;
        if (only !== undefined && meant.length === 1) return only.key;
      }
      return keyOfUnknown(name);
    },
    factsOf: (key: string) => this.facts.get(key) ?? null,
  };
}

function lastBearing({ user, device }: KeyState): EpochMs {
  const claims = [...user.claims, ...device.claims].map((claim) => claim.at + claim.lifetimeMs);
  return Math.max(0, ...claims, ...[...user.ends, ...device.ends].map((end) => end.at));
}
