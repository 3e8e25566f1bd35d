import { ChangeTimer } from "./change-timer.ts";
import { composeEntry, sameEntry } from "./compose-entry.ts";
import { type Corroboration, isLogonTicket } from "./corroboration.ts";
import type { ChangePage, Entry, EntryFilter, EntrySource } from "./entry.ts";
import { EntryLog, keyOf } from "./entry-log.ts";
import { type Arbitration, type Evaluation, evaluateKey } from "./evaluate-key.ts";
import { type ExplainOptions, type Explanation, explainAddress } from "./explain.ts";
import type { IpAddress } from "./ip-address.ts";
import { applyObservation, emptyKeyState, type KeyState, tokensOfState } from "./key-state.ts";
import type { EpochMs, Observation, PrincipalFacts } from "./observation.ts";
import { PrincipalDirectory, tokensOfFacts } from "./principal-directory.ts";

export interface SessionTableOptions {
  /** Who numbers the revisions, and which life of that numbering: 16 hex digits each. */
  readonly issuer: string;
  readonly incarnation: string;
  readonly arbitration?: Arbitration;
  /** Whether a Kerberos ticket needs a second sign to count as a logon. Default: off. */
  readonly corroboration?: Corroboration;
  /** How long the end of a session is kept to be told. */
  readonly tombstoneMs?: number;
}

/** What changed and must be persisted together. */
export interface Changed {
  /** Entries with a new revision, in its order. */
  readonly entries: readonly Entry[];
  /** Key states that changed (also those whose entry did not). */
  readonly keys: readonly KeyState[];
  /** Facts that were new. */
  readonly facts: readonly PrincipalFacts[];
  /** Addresses whose tombstone was pruned: state and entry may be deleted. */
  readonly pruned: readonly Place[];
}

interface Place {
  readonly addressSpaceId: string;
  readonly ip: IpAddress;
}

export interface TableSnapshot {
  readonly keys: Iterable<KeyState>;
  readonly entries: Iterable<Entry>;
  readonly facts: Iterable<PrincipalFacts>;
  readonly revision: number;
  readonly floorRevision: number;
}

const DAY_MS = 86_400_000;

/**
 * Who is at which address, computed by the law from observations and from what directories know.
 *
 * Holds:    one key state per (address space, address), the entry it gives, and principal facts.
 * Changed:  only by `apply`, `applyFacts`, `advance` and `restore`, each with the time as an argument.
 * Promises: the same set of observations gives the same answers, in whatever order it came; a refresh alone makes
 *           no revision; each change has one revision, greater than all before.
 * Does not: read a clock, a file or a socket; suppress (see suppression.ts); know firewalls.
 */
export class SessionTable implements EntrySource {
  readonly issuer: string;
  readonly incarnation: string;
  readonly #arbitration: Arbitration;
  readonly #corroboration: Corroboration;
  /** With `detect`: addresses at which `on` would name somebody else, or nobody. */
  readonly #wouldDiffer = new Set<string>();
  readonly #tombstoneMs: number;
  readonly #states = new Map<string, KeyState>();
  readonly #principals = new PrincipalDirectory();
  readonly #keysByToken = new Map<string, string | Set<string>>();
  readonly #timer = new ChangeTimer();
  #log = new EntryLog();
  #prunedAt: EpochMs = 0;

  constructor(options: SessionTableOptions) {
    this.issuer = options.issuer;
    this.incarnation = options.incarnation;
    this.#arbitration = options.arbitration ?? "law";
    this.#corroboration = options.corroboration ?? "off";
    this.#tombstoneMs = options.tombstoneMs ?? DAY_MS;
  }

  get revision(): number {
    return this.#log.revision;
  }
  get floorRevision(): number {
    return this.#log.floorRevision;
  }
  /** Addresses of which anything is kept. */
  get size(): number {
    return this.#states.size;
  }
  /** Addresses with a user or a device. */
  get liveCount(): number {
    return this.#log.liveCount;
  }
  /** When time alone may change an answer; null: never. */
  get nextChangeAt(): EpochMs | null {
    return this.#timer.next;
  }
  /** With corroboration in `detect`: at how many addresses `on` would answer otherwise. */
  get corroborationDifferences(): number {
    return this.#wouldDiffer.size;
  }
  get principals(): PrincipalDirectory {
    return this.#principals;
  }

  apply(observations: readonly Observation[], now: EpochMs): Changed {
    const touched = new Map<string, KeyState>();
    for (const observation of observations) {
      const key = keyOf(observation.addressSpaceId, observation.ip);
      const before =
        touched.get(key) ??
        this.#states.get(key) ??
        emptyKeyState(observation.addressSpaceId, observation.ip);
      const after = applyObservation(before, observation);
      if (after !== before) touched.set(key, after);
    }
    for (const [key, state] of touched) {
      for (const token of tokensOfState(state)) this.#index(token, key);
      this.#states.set(key, state);
    }
    return this.#reconsider(touched.keys(), now, [...touched.values()], []);
  }

  applyFacts(facts: readonly PrincipalFacts[], now: EpochMs): Changed {
    const keys = new Set<string>();
    const news: PrincipalFacts[] = [];
    for (const one of facts) {
      const before = this.#principals.factsOf(one.key);
      if (!this.#principals.upsert(one)) continue;
      news.push(one);
      for (const token of [...tokensOfFacts(one), ...(before ? tokensOfFacts(before) : [])])
        for (const key of this.#keysOf(token)) keys.add(key);
    }
    return this.#reconsider(keys, now, [], news);
  }

  /** Lets time pass: expiry, the end of contested, and forgetting what ended long ago. */
  advance(now: EpochMs): Changed {
    const changed = this.#reconsider(this.#timer.take(now), now, [], []);
    if (now - this.#prunedAt < 60_000) return changed;
    this.#prunedAt = now;
    const before = now - this.#tombstoneMs;
    const pruned: Place[] = [...this.#neverKnown(before), ...this.#log.prune(before)].map(
      ({ addressSpaceId, ip }) => ({ addressSpaceId, ip }),
    );
    for (const { addressSpaceId, ip } of pruned) {
      const key = keyOf(addressSpaceId, ip);
      const state = this.#states.get(key);
      if (state) for (const token of tokensOfState(state)) this.#unindex(token, key);
      this.#states.delete(key);
      this.#wouldDiffer.delete(key);
      this.#timer.schedule(key, null);
    }
    return { ...changed, pruned };
  }

  /** Addresses of which only ends or indirect signs came, the last of them before `before`: no tombstone marks them. */
  #neverKnown(before: EpochMs): KeyState[] {
    if (this.#states.size <= this.#log.size) return [];
    return [...this.#states.values()].filter(
      (state) => lastBearing(state) < before && this.#log.get(state.addressSpaceId, state.ip) === null,
    );
  }

  changesSince(after: number, limit: number, filter: EntryFilter): ChangePage {
    return this.#log.changesSince(after, limit, filter);
  }

  segmentStamp(after: number, through: number): number {
    return this.#log.segmentStamp(after, through);
  }

  byIp(ip: IpAddress, filter: EntryFilter): Entry | null {
    return this.#log.byIp(ip, filter);
  }

  entryOf(addressSpaceId: string, ip: IpAddress): Entry | null {
    return this.#log.get(addressSpaceId, ip);
  }

  stateOf(addressSpaceId: string, ip: IpAddress): KeyState | null {
    return this.#states.get(keyOf(addressSpaceId, ip)) ?? null;
  }

  entries(): IterableIterator<Entry> {
    return this.#log.entries();
  }

  states(): IterableIterator<KeyState> {
    return this.#states.values();
  }

  /** Addresses live in more than one space: neither is served to a firewall that sees both. */
  overlaps(): string[] {
    return this.#log.overlaps();
  }

  /** Why the answer is what it is, at `now`. `more`: what the table does not know, of suppression and of readers. */
  explain(
    addressSpaceId: string,
    ip: IpAddress,
    now: EpochMs,
    more: Pick<ExplainOptions, "suppressed" | "readers"> = {},
  ): Explanation {
    return explainAddress(
      this.stateOf(addressSpaceId, ip) ?? emptyKeyState(addressSpaceId, ip),
      this.#principals,
      now,
      {
        arbitration: this.#arbitration,
        corroboration: this.#corroboration,
        entry: this.entryOf(addressSpaceId, ip),
        ...more,
      },
    );
  }

  /** Takes over what was persisted. Call once, before anything else; then `advance(now)`. */
  restore(snapshot: TableSnapshot): void {
    for (const facts of snapshot.facts) this.#principals.upsert(facts);
    this.#log = new EntryLog(snapshot.revision, snapshot.floorRevision);
    for (const entry of [...snapshot.entries].sort((a, b) => a.revision - b.revision)) this.#log.put(entry);
    for (const state of snapshot.keys) {
      const key = keyOf(state.addressSpaceId, state.ip);
      this.#states.set(key, state);
      for (const token of tokensOfState(state)) this.#index(token, key);
      // Due at once: what expired while nobody looked is found by the next `advance`.
      this.#timer.schedule(key, 0);
    }
  }

  #reconsider(
    keys: Iterable<string>,
    now: EpochMs,
    states: readonly KeyState[],
    facts: readonly PrincipalFacts[],
  ): Changed {
    const entries: Entry[] = [];
    for (const key of keys) {
      const state = this.#states.get(key);
      if (!state) continue;
      const evaluation = evaluateKey(state, this.#principals, now, {
        arbitration: this.#arbitration,
        corroboration: this.#corroboration,
      });
      if (this.#corroboration === "detect") this.#noteDifference(key, state, evaluation, now);
      this.#timer.schedule(key, evaluation.nextChangeAt);
      const previous = this.#log.get(state.addressSpaceId, state.ip);
      const next = composeEntry(state, evaluation, this.#principals, previous, this.#log.revision + 1, now);
      // Nobody was known and nobody is: there is nothing to tell.
      if (!previous && next.user === null && next.device === null) continue;
      if (previous && sameEntry(previous, next)) {
        this.#log.touch({ ...next, revision: previous.revision, changedAt: previous.changedAt });
        continue;
      }
      this.#log.put(next);
      entries.push(next);
    }
    return { entries, keys: states, facts, pruned: [] };
  }

  #noteDifference(key: string, state: KeyState, answer: Evaluation, now: EpochMs): void {
    if (!state.user.claims.some(isLogonTicket)) return;
    const would = evaluateKey(state, this.#principals, now, {
      arbitration: this.#arbitration,
      corroboration: "on",
    });
    if (ownerOf(would) === ownerOf(answer)) this.#wouldDiffer.delete(key);
    else this.#wouldDiffer.add(key);
  }

  #index(token: string, key: string): void {
    const known = this.#keysByToken.get(token);
    if (known === undefined) this.#keysByToken.set(token, key);
    else if (typeof known === "string") {
      if (known !== key) this.#keysByToken.set(token, new Set([known, key]));
    } else known.add(key);
  }

  #unindex(token: string, key: string): void {
    const known = this.#keysByToken.get(token);
    if (known === key) this.#keysByToken.delete(token);
    else if (known instanceof Set) known.delete(key);
  }

  #keysOf(token: string): Iterable<string> {
    const known = this.#keysByToken.get(token);
    return known === undefined ? [] : typeof known === "string" ? [known] : [...known];
  }
}

function ownerOf({ user }: Evaluation): string | null {
  return user.kind === "owned" ? user.principalKey : null;
}

/** Until when anything that is kept of an address can bear on an answer. */
function lastBearing({ user, device }: KeyState): EpochMs {
  const claims = [...user.claims, ...device.claims].map((claim) => claim.at + claim.lifetimeMs);
  const ends = [...user.ends, ...device.ends].map((end) => end.at);
  return Math.max(0, ...claims, ...ends);
}
