import {
  type Changed,
  type Corroboration,
  type DetectedPrincipal,
  type Detection,
  type Entry,
  type EntrySource,
  type KeyState,
  keyOfUnknown,
  type Observation,
  type PrincipalFacts,
  SessionTable,
  type SuppressionContext,
  sameFacts,
  tokensOfFacts,
  tokensOfState,
} from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { StateStore, TableOutcome } from "../state/state-store.ts";
import { StoreFault } from "../state/store-fault.ts";
import { MARK_DIRECTORY } from "./address-marks.ts";
import { FactsIndex, NamesInUse } from "./facts-index.ts";
import { PlaceWatch, type SeenTable } from "./place-watch.ts";
import { OPEN_RULES, type SiteRules } from "./site-rules.ts";
import { SuppressionJournal } from "./suppression-journal.ts";

/** What one reader brings, to be durable before it is let go. */
export interface Arrival {
  readonly observations: readonly Observation[];
  readonly facts: readonly PrincipalFacts[];
  readonly bookmark: { readonly sourceId: string; readonly value: string } | null;
  /** `cloud`: what came down; it keeps its identity and is never sent up again. */
  readonly origin: "site" | "cloud";
  readonly downlinkNext?: number;
  /** Facts of this site as other rules make them, ready as they are. */
  readonly renewed?: readonly PrincipalFacts[];
}

interface Taken {
  /** Of this site: applied, stored and sent up. */
  readonly own: readonly Observation[];
  readonly ownFacts: readonly PrincipalFacts[];
  /** From the cloud: applied and stored. */
  readonly foreign: readonly Observation[];
  readonly foreignFacts: readonly PrincipalFacts[];
  readonly keptBack: ReadonlyMap<string, number>;
}

export interface TableSettings {
  readonly arbitration: "law" | "last-writer";
  readonly corroboration: Corroboration;
  readonly tombstoneMs: number;
}

export interface KeeperOptions {
  readonly issuer: string;
  readonly now: () => number;
  readonly log: Logger;
  /** What a directory knows of a name besides its facts: for the rules. */
  readonly contextOf?: (facts: PrincipalFacts) => SuppressionContext;
}

interface Pending {
  readonly keys: Map<string, KeyState>;
  readonly entries: Map<string, Entry>;
  readonly pruned: Map<string, { readonly addressSpaceId: string; readonly ip: string }>;
}

/**
 * The one who changes the table and the store, and never one without the other.
 *
 * Holds    the table, the facts of the site's directories, the rules, and what found no room on the disk yet.
 * Changed  by `write` (what readers bring), `advance` (time) and the configuration.
 * Promises a firewall is never told what a crash could take back: an arrival that cannot be written is undone in the
 *          table before anybody can ask. What time alone changes is told at once even while the disk is full, because
 *          after a crash the same time gives the same answer.
 * Does not know sources, firewalls, the cloud or a timer.
 */
export class TableKeeper {
  readonly suppressed = new Map<string, number>();
  /** What was kept back of each address, for explain. */
  readonly journal = new SuppressionJournal();
  readonly #options: KeeperOptions;
  readonly #index = new FactsIndex();
  #names = new NamesInUse();
  #rules: SiteRules = OPEN_RULES;
  readonly #watch = new PlaceWatch(OPEN_RULES.marks, OPEN_RULES.detection);
  #settings: TableSettings = { arbitration: "law", corroboration: "off", tombstoneMs: 86_400_000 };
  #store: StateStore;
  #table: SessionTable;
  #unsaved: Pending = emptyPending();

  constructor(store: StateStore, options: KeeperOptions) {
    this.#options = options;
    this.#store = store;
    this.#table = this.#load(0);
  }

  get table(): SessionTable {
    return this.#table;
  }

  /** What firewalls are answered from. Ask for it each time: the table may be another after a fault. */
  get source(): EntrySource {
    return this.#table;
  }

  get store(): StateStore {
    return this.#store;
  }

  get directorySize(): number {
    return this.#index.size;
  }

  /** True while changes wait for room on the disk. */
  get hasUnsaved(): boolean {
    return this.#unsaved.entries.size + this.#unsaved.keys.size + this.#unsaved.pruned.size > 0;
  }

  /** Puts another store in place of one that failed, and takes the table from it. */
  replaceStore(store: StateStore): void {
    this.#store = store;
    this.reload();
  }

  /** Takes the table from the store again: what could not be written is undone. */
  reload(): void {
    // Numbers that were told are never given again, not even those that were not written.
    this.#table = this.#load(this.#table.revision);
    this.#unsaved = emptyPending();
    this.advance();
  }

  setSettings(settings: TableSettings): void {
    if (
      settings.arbitration === this.#settings.arbitration &&
      settings.corroboration === this.#settings.corroboration &&
      settings.tombstoneMs === this.#settings.tombstoneMs
    )
      return;
    this.#settings = settings;
    this.reload();
  }

  /** Takes other rules. What they make of people who have a session is `renewedFacts`, to be written by the caller. */
  setRules(rules: SiteRules): void {
    this.#rules = rules;
    this.#watch.setRules(rules.marks, rules.detection);
  }

  /** What was found by what accounts and addresses do; the newest first, at most `limit`. */
  detections(limit: number): Detection[] {
    return this.#watch.detections(this.#options.now(), limit);
  }

  /** Ends of those whom the marks of the present rules no longer let stand, to be written by the caller. */
  endsAtMarks(): Observation[] {
    if (this.#rules.marks.isEmpty) return [];
    const ends = this.#watch.endsAtMarks(this.#table.entries(), this.#options.now());
    // Whoever reads the source says that its people left; another site's agent has the same mark.
    return ends.filter(({ sourceId }) => this.#rules.sourceIds.has(sourceId));
  }

  /** Facts of people with a session as the present rules make them, where the table has them otherwise. */
  renewedFacts(): PrincipalFacts[] {
    const now = this.#options.now();
    return [...this.#table.principals.all()].flatMap((before) => {
      if (before.directoryId === MARK_DIRECTORY) return this.#renewedPseudoUser(before, now);
      const ours = this.#index.of(before.key);
      if (ours === null) return [];
      const next = this.#rules.narrow(ours);
      // The principal did not change, what is told of it did: that is news as of now.
      return sameFacts(before, next) ? [] : [{ ...next, asOf: Math.max(now, before.asOf + 1) }];
    });
  }

  #renewedPseudoUser(before: PrincipalFacts, now: number): PrincipalFacts[] {
    const next = this.#rules.marks.pseudoUsers.find(({ key }) => key === before.key);
    if (next === undefined || sameFacts(before, next)) return [];
    return [{ ...next, asOf: Math.max(now, before.asOf + 1) }];
  }

  dropDirectory(directoryId: string): void {
    this.#index.dropDirectory(directoryId);
  }

  /**
   * Suppresses, applies and stores what arrived, all of it in one transaction.
   *
   * Errors: `StoreFault`; then nothing of it was written and the table is as before.
   */
  write(arrivals: readonly Arrival[]): void {
    const now = this.#options.now();
    const taken = this.#take(arrivals);
    let isAhead = false;
    try {
      this.#store.commit(
        {
          // Facts go before the logons that need them: an entry then has its groups from its first revision on.
          items: [
            ...taken.ownFacts.map((principal) => JSON.stringify({ kind: "principal", principal })),
            ...taken.own.map((observation) => JSON.stringify({ kind: "observation", observation })),
          ],
          bookmarks: arrivals.flatMap((arrival) => arrival.bookmark ?? []),
          ...downlinkOf(arrivals),
        },
        now,
        () => {
          isAhead = true;
          const facts = this.#table.applyFacts([...taken.foreignFacts, ...taken.ownFacts], now);
          const sessions = this.#table.apply([...taken.own, ...taken.foreign], now);
          return this.#outcome([facts, sessions]);
        },
      );
    } catch (error) {
      if (isAhead) this.reload();
      throw error;
    }
    this.#unsaved = emptyPending();
    this.#watch.written();
    this.#names.noteAll(taken.own);
    this.#names.noteAll(taken.foreign);
    for (const [rule, count] of taken.keptBack)
      this.suppressed.set(rule, (this.suppressed.get(rule) ?? 0) + count);
  }

  /** Lets time pass. Gives false where what it changed could not be written yet; firewalls are told of it all the same. */
  advance(): boolean {
    const changed = this.#table.advance(this.#options.now());
    const outcome = this.#outcome([changed]);
    if (outcome.keys.length + outcome.entries.length + outcome.forgotten.length === 0) return true;
    try {
      this.#store.commitTable(outcome);
      this.#unsaved = emptyPending();
      return true;
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error;
      this.#keepForLater(outcome);
      return false;
    }
  }

  /**
   * Those of a directory who have a session here and are no longer in it, as not enabled: deleted while nobody read.
   * To be written like facts that arrive. Ask once the directory has been read as a whole.
   */
  missingFrom(directoryId: string): PrincipalFacts[] {
    const now = this.#options.now();
    return [...this.#table.principals.all()]
      .filter(
        (facts) => facts.directoryId === directoryId && facts.enabled && this.#index.of(facts.key) === null,
      )
      .map((facts) => ({ ...facts, groups: [], enabled: false, asOf: Math.max(now, facts.asOf + 1) }));
  }

  /**
   * Forgets facts of those whom no session names, in store and table alike. Only what this site's directories say just
   * so is let go: it comes again with the next logon, and what came down from the cloud never would. Call rarely.
   */
  forgetUnused(): void {
    const names = new NamesInUse();
    for (const state of this.#table.states()) names.noteTokens(tokensOfState(state));
    const unused = [...this.#table.principals.all()].flatMap((facts) => {
      const ours = this.#index.of(facts.key);
      const comesAgain = ours !== null && sameFacts(facts, this.#rules.narrow(ours));
      return comesAgain && !names.mention(facts) ? [facts.key] : [];
    });
    this.#store.forgetPrincipals(unused);
    for (const key of unused) this.#table.principals.remove(key);
    this.#names = names;
  }

  #load(revisionMin: number): SessionTable {
    const stored = this.#store.loadTable();
    const table = new SessionTable({
      issuer: this.#options.issuer,
      incarnation: stored.incarnation,
      ...this.#settings,
    });
    table.restore({ ...stored, revision: Math.max(stored.revision, revisionMin) });
    this.#names = new NamesInUse();
    for (const state of table.states()) this.#names.noteTokens(tokensOfState(state));
    return table;
  }

  #holds({ id, kind, addressSpaceId, ip }: Observation): boolean {
    const state = this.#table.stateOf(addressSpaceId, ip)?.[kind];
    return (
      state !== undefined &&
      (state.claims.some((claim) => claim.id === id) || state.ends.some((end) => end.id === id))
    );
  }

  /** Sorts out what arrived: what counts, whose it is, and whose facts must go with it. */
  #take(arrivals: readonly Arrival[]): Taken {
    const own: Observation[] = [];
    const foreign: Observation[] = [];
    const keptBack = new Map<string, number>();
    const due = new Map<string, PrincipalFacts>();
    const pseudoUsers = new Map<string, PrincipalFacts>();
    const seen: SeenTable = {
      entryOf: (addressSpaceId, ip) => this.#table.entryOf(addressSpaceId, ip),
      placesOf: (key) => [...this.#table.entries()].filter(({ user }) => user?.principalKey === key),
    };
    const isOurs = (arrival: Arrival): boolean => arrival.origin === "site";
    const keepBack = (observation: Observation, rule: string): void => {
      keptBack.set(rule, (keptBack.get(rule) ?? 0) + 1);
      this.journal.note(observation, rule);
    };
    const take = (observation: Observation, into: Observation[]): void => {
      // A repeat of what the table holds has no effect here, and the cloud was told of it when it first came.
      if (this.#holds(observation)) return;
      if (observation.principal !== null)
        for (const one of this.#index.meantBy(observation.principal)) due.set(one.key, one);
      into.push(observation);
    };

    for (const { facts } of arrivals.filter(isOurs)) this.#learn(facts, due);
    for (const arrival of arrivals) {
      for (const arrived of arrival.observations) {
        const outcome = isOurs(arrival)
          ? this.#suppress(arrived)
          : { kind: "kept" as const, observation: arrived };
        if (outcome.kind === "kept-back") {
          keepBack(arrived, outcome.rule);
          continue;
        }
        if (!isOurs(arrival)) {
          take(outcome.observation, foreign);
          continue;
        }
        if (this.#holds(outcome.observation)) continue;
        const watched = this.#watch.take(outcome.observation, this.#whoIs(outcome.observation), seen);
        if (watched.facts !== null) pseudoUsers.set(watched.facts.key, watched.facts);
        if (watched.kept !== null) take(watched.kept, own);
        else if (watched.rule !== null) keepBack(arrived, watched.rule);
        for (const observation of watched.derived) take(observation, own);
      }
    }
    if (this.#watch.hasAccountsToEnd)
      for (const [at, observation] of [...own.entries()].reverse())
        if (this.#watch.isTooLate(observation, this.#whoIs(observation))) {
          own.splice(at, 1);
          keepBack(observation, "mark:service-account");
        }
    for (const observation of this.#watch.endsOfAccounts(seen))
      if (this.#rules.sourceIds.has(observation.sourceId)) take(observation, own);
    const renewed = arrivals.flatMap((arrival) => arrival.renewed ?? []);
    return {
      own,
      foreign,
      keptBack,
      ownFacts: [
        ...renewed,
        ...[...pseudoUsers.values()]
          .map((facts) => ({ ...facts, asOf: this.#options.now() }))
          .filter((facts) => this.#isNews(facts)),
        ...[...due.values()].map((facts) => this.#rules.narrow(facts)).filter((facts) => this.#isNews(facts)),
      ],
      foreignFacts: arrivals.flatMap((arrival) => (isOurs(arrival) ? [] : arrival.facts)),
    };
  }

  /** Takes directory facts into the index, and marks those as due whom somebody's session names. */
  #learn(arrived: readonly PrincipalFacts[], due: Map<string, PrincipalFacts>): void {
    for (const one of arrived) this.#index.put(one);
    for (const one of arrived) {
      const isKnown = this.#table.principals.factsOf(one.key) !== null;
      if (!isKnown && !this.#names.mention(one)) continue;
      // Namesakes go with it: the table must see that a spelling is shared.
      for (const shared of this.#index.sharing(one)) due.set(shared.key, shared);
    }
  }

  /** Read later than what the table has, and different from it: an older reading never takes the place of a newer. */
  #isNews(facts: PrincipalFacts): boolean {
    const before = this.#table.principals.factsOf(facts.key);
    return before === null || (facts.asOf > before.asOf && !sameFacts(before, facts));
  }

  #suppress(observation: Observation): ReturnType<SiteRules["suppress"]> {
    const { contextOf } = this.#options;
    const meant = observation.principal === null ? [] : this.#index.meantBy(observation.principal);
    const [only] = meant;
    const context =
      contextOf !== undefined && only !== undefined && meant.length === 1 ? contextOf(only) : {};
    return this.#rules.suppress(observation, context);
  }

  /** Whom an observation speaks of, as far as the directories of this site know it. */
  #whoIs({ principal }: Observation): DetectedPrincipal | null {
    if (principal === null) return null;
    const [only, ...others] = this.#index.meantBy(principal);
    if (only !== undefined && others.length === 0)
      return {
        key: only.key,
        label: `${only.domain}\\${only.name}`.toLowerCase(),
        spellings: tokensOfFacts(only).concat(only.name.toLowerCase()),
      };
    const label = keyOfUnknown(principal);
    return {
      key: this.#table.principals.resolve(principal),
      label,
      spellings: [label, ...(principal.name === undefined ? [] : [principal.name.toLowerCase()])],
    };
  }

  #outcome(changes: readonly Changed[]): TableOutcome {
    const keys = new Map(this.#unsaved.keys);
    const entries = new Map(this.#unsaved.entries);
    const pruned = new Map(this.#unsaved.pruned);
    const facts = new Map<string, PrincipalFacts>();
    for (const changed of changes) {
      for (const one of changed.facts) facts.set(one.key, one);
      for (const state of changed.keys) keys.set(placeOf(state), state);
      for (const entry of changed.entries) entries.set(placeOf(entry), entry);
      for (const place of changed.pruned) pruned.set(placeOf(place), place);
      for (const place of [...changed.keys, ...changed.entries]) pruned.delete(placeOf(place));
    }
    for (const place of pruned.keys()) {
      keys.delete(place);
      entries.delete(place);
    }
    return {
      keys: [...keys.values()],
      entries: [...entries.values()],
      facts: [...facts.values()],
      forgotten: [...pruned.values()],
      revision: this.#table.revision,
      floorRevision: this.#table.floorRevision,
    };
  }

  #keepForLater(outcome: TableOutcome): void {
    this.#unsaved = {
      keys: new Map(outcome.keys.map((state) => [placeOf(state), state])),
      entries: new Map(outcome.entries.map((entry) => [placeOf(entry), entry])),
      pruned: new Map(outcome.forgotten.map((place) => [placeOf(place), place])),
    };
  }
}

function emptyPending(): Pending {
  return { keys: new Map(), entries: new Map(), pruned: new Map() };
}

function placeOf(place: { readonly addressSpaceId: string; readonly ip: string }): string {
  return `${place.addressSpaceId}\u0000${place.ip}`;
}

function downlinkOf(arrivals: readonly Arrival[]): { readonly downlinkNext?: number } {
  const last = arrivals.findLast((arrival) => arrival.downlinkNext !== undefined)?.downlinkNext;
  return last === undefined ? {} : { downlinkNext: last };
}
