import {
  type AccountSigns,
  type Corroboration,
  type DetectedPrincipal,
  type Detection,
  type Entry,
  type EntrySource,
  type IpAddress,
  keyOfUnknown,
  MARK_DIRECTORY,
  type Observation,
  type PrincipalFacts,
  type SeatedMemory,
  SessionTable,
  type SuppressionContext,
  sameFacts,
  tokensOfFacts,
} from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { z } from "zod";
import type { StateStore, TableOutcome } from "../state/state-store.ts";
import { StoreFault } from "../state/store-fault.ts";
import { VERSION } from "../version.ts";
import { type DirectoryBook, FactsIndex } from "./facts-index.ts";
import { endsByFilters } from "./filter-ends.ts";
import { PlaceWatch, type SeenTable } from "./place-watch.ts";
import { OPEN_RULES, type SiteRules } from "./site-rules.ts";
import { SuppressionJournal } from "./suppression-journal.ts";

/** What one reader brings, to be durable before it is let go. */
export interface Arrival {
  readonly observations: readonly Observation[];
  readonly facts: readonly PrincipalFacts[];
  readonly bookmark: { readonly sourceId: string; readonly value: string } | null;
  /** Further bookmarks that move with it. */
  readonly marks?: readonly { readonly sourceId: string; readonly value: string }[];
  /** `cloud`: what came down; it keeps its identity and is never sent up again. */
  readonly origin: "site" | "cloud";
  readonly downlinkNext?: number;
  /** Facts of this site as other rules make them, ready as they are. */
  readonly renewed?: readonly PrincipalFacts[];
  /** Ends that follow from other filters: they are not judged by these again. */
  readonly filtered?: readonly Observation[];
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

/** Rows of facts that one step of forgetting looks at: short enough not to be felt. */
const FORGET_STEP = 1000;
/** Addresses that one step of judging by other filters looks at. */
const JUDGE_STEP = 250;
const NO_SIGNS: AccountSigns = { hasServiceName: false, isPasswordForever: false };
/** Under which name it is kept who sat at keyboards, and how often at most. */
const SEATED_KEY = "detection/seated";
const SEATED_EVERY_MS = 10 * 60_000;
const ARBITRATIONS = ["law", "last-writer"] as const;
const CORROBORATIONS = ["off", "detect", "on"] as const;

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
  /** What a directory says of an account that may be a service's, and all its groups: asked where it matters. */
  readonly accountOf?: (facts: PrincipalFacts) => AccountSigns | null;
  readonly groupsOf?: (facts: PrincipalFacts) => readonly string[];
  /** What the site's directories say, the one to believe first; absent: only what arrives is known. */
  readonly books?: () => readonly DirectoryBook[];
  /** Told after it is written: somebody whom this site's directories know began to be somewhere. */
  readonly onLogon?: (facts: PrincipalFacts) => void;
  /** Told after it is written: an event log of this site named a computer at an address. */
  readonly onComputer?: (addressSpaceId: string, ip: IpAddress) => void;
}

/**
 * The one who changes the table and the store, and never one without the other.
 *
 * Holds    the table, the facts of the site's directories, and the rules. What found no room on the disk yet is noted in the
 *          table as changed, and written with what is written next.
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
  readonly #index: FactsIndex;
  #rules: SiteRules = OPEN_RULES;
  readonly #watch = new PlaceWatch(OPEN_RULES.marks, OPEN_RULES.detection);
  #settings: TableSettings = { arbitration: "law", corroboration: "off", tombstoneMs: 86_400_000 };
  #store: StateStore;
  #table: SessionTable;
  /** When it was last written who sat at keyboards. */
  #seatedAt: number;
  /** Where forgetting goes on. */
  #forgottenUpTo = 0;

  constructor(store: StateStore, options: KeeperOptions) {
    this.#options = options;
    this.#index = new FactsIndex(options.books);
    this.#store = store;
    // What the configuration says is not known yet: most often it says what it said before.
    this.#settings = { ...this.#settings, ...lawOf(store.loadTable().law) };
    this.#table = this.#load(0);
    const seated = readSeated(store.bookmarkOf(SEATED_KEY));
    if (seated !== null) this.#watch.restore(seated);
    this.#seatedAt = options.now();
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
    return this.#table.hasChangedPages;
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
    this.advance();
  }

  setSettings(settings: TableSettings): void {
    const isOtherLaw = lawName(settings) !== lawName(this.#settings);
    this.#settings = settings;
    this.#table.setTombstoneMs(settings.tombstoneMs);
    this.#table.setLaw(settings.arbitration, settings.corroboration);
    if (isOtherLaw) this.advance();
  }

  /** Takes other rules. What they make of people who have a session is `renewedFacts`, to be written by the caller. */
  setRules(rules: SiteRules): void {
    this.#rules = rules;
    this.#watch.setRules(rules.marks, rules.detection);
  }

  /** Whether more than one person is behind an address: who sits there is nobody's question. */
  isShared(addressSpaceId: string, ip: IpAddress): boolean {
    return this.#watch.isShared({ addressSpaceId, ip, effectiveAt: this.#options.now() }, this.#seen());
  }

  /** What was found by what accounts and addresses do; the newest first, at most `limit`. */
  detections(limit: number): Detection[] {
    return this.#watch.detections(this.#options.now(), limit);
  }

  /** Ends of those whom the marks of the present rules no longer let stand, to be written by the caller. */
  endsAtMarks(): Observation[] {
    if (this.#rules.marks.isEmpty) return [];
    return this.#endsAtMarksOf(this.#table.entries());
  }

  /**
   * Ends of those whom the present filters would keep back, came they now; to be written by the caller as `filtered`.
   * Shape: short steps, between which others may have their turn: what comes meanwhile is judged when it comes.
   */
  *endsByFilters(): Generator<readonly Observation[], undefined> {
    if (this.#rules.filterRules.size === 0) return;
    let ends: Observation[] = [];
    let looked = 0;
    for (const state of this.#table.states()) {
      ends.push(
        ...endsByFilters(state, {
          suppress: (observation) => this.#suppress(observation),
          filterRules: this.#rules.filterRules,
          sourceIds: this.#rules.sourceIds,
          now: this.#options.now(),
        }),
      );
      looked += 1;
      if (looked % JUDGE_STEP !== 0) continue;
      yield ends;
      ends = [];
    }
    yield ends;
  }

  /** Facts of people with a session as the present rules make them, where the table has them otherwise. */
  renewedFacts(): PrincipalFacts[] {
    const now = this.#options.now();
    // An agent that has just started has read no directory yet: there is nobody to look through.
    if (this.#index.size === 0 && this.#rules.marks.pseudoUsers.length === 0) return [];
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
          bookmarks: arrivals
            .flatMap(({ bookmark, marks = [] }) => (bookmark === null ? marks : [bookmark, ...marks]))
            .concat(this.#seatedMemory(now)),
          ...downlinkOf(arrivals),
        },
        now,
        () => {
          isAhead = true;
          this.#table.applyFacts([...taken.foreignFacts, ...taken.ownFacts], now);
          this.#table.apply([...taken.own, ...taken.foreign], now);
          return this.#outcome();
        },
      );
    } catch (error) {
      if (isAhead) this.reload();
      throw error;
    }
    this.#table.pagesStored();
    this.#watch.written();
    this.#tellLogons(taken.own);
    this.#tellComputers(taken.own);
    for (const [rule, count] of taken.keptBack)
      this.suppressed.set(rule, (this.suppressed.get(rule) ?? 0) + count);
  }

  /** Who sat at keyboards, from time to time: a few that a crash takes cost no more than a sign. */
  #seatedMemory(now: number): { readonly sourceId: string; readonly value: string }[] {
    if (now - this.#seatedAt < SEATED_EVERY_MS) return [];
    this.#seatedAt = now;
    const memory = this.#watch.takeMemory();
    return memory === null ? [] : [{ sourceId: SEATED_KEY, value: JSON.stringify(memory) }];
  }

  #tellLogons(own: readonly Observation[]): void {
    const { onLogon } = this.#options;
    if (onLogon === undefined) return;
    for (const { verb, kind, principal } of own) {
      if (verb !== "start" || kind !== "user" || principal === null) continue;
      const [only, ...others] = this.#index.meantBy(principal);
      if (only !== undefined && others.length === 0) onLogon(only);
    }
  }

  #tellComputers(own: readonly Observation[]): void {
    const { onComputer } = this.#options;
    if (onComputer === undefined) return;
    for (const { verb, kind, family, addressSpaceId, ip } of own)
      if (kind === "device" && verb !== "end" && family === "event-log") onComputer(addressSpaceId, ip);
  }

  /** Lets time pass. Gives why what it changed could not be written yet, or null; firewalls are told of it all the same. */
  advance(): StoreFault | null {
    this.#table.advance(this.#options.now());
    return this.#save();
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
   * so is let go: it comes again with the next logon, and what came down from the cloud never would.
   * Shape: one short step; true while there is more to look at.
   */
  forgetUnused(): boolean {
    const from = this.#forgottenUpTo;
    const { facts, isLast } = this.#table.principals.stretch(from, from + FORGET_STEP);
    for (const one of facts) {
      const ours = this.#index.of(one.key);
      const comesAgain = ours !== null && sameFacts(one, this.#rules.narrow(ours));
      if (comesAgain && !this.#table.names(one)) this.#table.principals.remove(one.key);
    }
    this.#forgottenUpTo = isLast ? 0 : from + FORGET_STEP;
    return this.#save() === null && !isLast;
  }

  /** Writes what changed; gives what stood in the way, or null. What is not written stays noted as changed. */
  #save(): StoreFault | null {
    if (!this.#table.hasChangedPages) return null;
    try {
      this.#store.commitTable(this.#outcome());
      this.#table.pagesStored();
      return null;
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error;
      return error;
    }
  }

  #load(revisionMin: number): SessionTable {
    const stored = this.#store.loadTable();
    const table = new SessionTable({
      issuer: this.#options.issuer,
      incarnation: stored.incarnation,
      vocabulary: this.#store.vocabulary,
      ...this.#settings,
    });
    const isAllDue = stored.law !== lawName(this.#settings);
    try {
      table.restorePages({ ...stored, revision: Math.max(stored.revision, revisionMin), isAllDue });
    } catch (error) {
      if (error instanceof RangeError) throw new StoreFault("corrupt", "read the store", error);
      throw error;
    }
    // Before anything else is written: what is written is by this law.
    if (isAllDue) table.advance(this.#options.now());
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
    this.#watch.begins();
    const own: Observation[] = [];
    const foreign: Observation[] = [];
    const keptBack = new Map<string, number>();
    const due = new Map<string, PrincipalFacts>();
    const pseudoUsers = new Map<string, PrincipalFacts>();
    const seen = this.#seen();
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
    for (const observation of this.#endsAtNewHosts(arrivals.filter(isOurs).flatMap(({ facts }) => facts)))
      take(observation, own);
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
      for (const observation of arrival.filtered ?? []) take(observation, own);
    }
    if (this.#watch.looksBack)
      for (const [at, observation] of [...own.entries()].reverse()) {
        const rule = this.#watch.tooLate(observation, this.#whoIs(observation));
        if (rule === null) continue;
        own.splice(at, 1);
        keepBack(observation, rule);
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

  #seen(): SeenTable {
    return {
      entryOf: (addressSpaceId, ip) => this.#table.entryOf(addressSpaceId, ip),
      endsOf: (addressSpaceId, ip) => {
        const state = this.#table.stateOf(addressSpaceId, ip);
        return state === null ? [] : [...state.user.ends, ...state.device.ends];
      },
      placesOf: (key) => this.#table.entriesOfPrincipal(key),
      hostMarkIdOf: (key) => this.#hostMarkIdOf(key),
    };
  }

  /** Ends of those at computers that a directory calls a shared host now: moved there, or read for the first time. */
  #endsAtNewHosts(facts: readonly PrincipalFacts[]): Observation[] {
    return facts.flatMap((one) => {
      const { hostMarkId } = one;
      if (hostMarkId === undefined) return [];
      return this.#endsAtMarksOf(this.#table.entriesOfDevice(one), () => hostMarkId);
    });
  }

  #endsAtMarksOf(
    entries: Iterable<Entry>,
    hostMarkIdOf: SeenTable["hostMarkIdOf"] = (key) => this.#hostMarkIdOf(key),
  ): Observation[] {
    const ends = this.#watch.endsAtMarks(entries, hostMarkIdOf, this.#options.now());
    // Whoever reads the source says that its people left; another site's agent has the same mark.
    return ends.filter(({ sourceId }) => this.#rules.sourceIds.has(sourceId));
  }

  /** What the directory says now; until it was read, what it said last. */
  #hostMarkIdOf(key: string): string | null {
    const facts = this.#index.of(key) ?? this.#table.principals.factsOf(key);
    return facts?.hostMarkId ?? null;
  }

  /** Takes directory facts into the index, and marks those as due whom somebody's session names. */
  #learn(arrived: readonly PrincipalFacts[], due: Map<string, PrincipalFacts>): void {
    for (const one of arrived) this.#index.put(one);
    for (const one of arrived) {
      const isKnown = this.#table.principals.factsOf(one.key) !== null;
      if (!isKnown && !this.#table.names(one)) continue;
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
    if (only === undefined || meant.length > 1) return this.#rules.suppress(observation, {});
    return this.#rules.suppress(observation, { ...contextOf?.(only), spellings: tokensOfFacts(only) });
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
        account: () => this.#options.accountOf?.(only) ?? NO_SIGNS,
        groups: () => this.#options.groupsOf?.(only) ?? [],
      };
    const label = keyOfUnknown(principal);
    return {
      key: this.#table.principals.resolve(principal),
      label,
      spellings: [label, ...(principal.name === undefined ? [] : [principal.name.toLowerCase()])],
    };
  }

  #outcome(): TableOutcome {
    return {
      ...this.#table.changedPages(),
      revision: this.#table.revision,
      floorRevision: this.#table.floorRevision,
      law: lawName(this.#settings),
    };
  }
}

/** By which law entries are made: another version of the program may decide otherwise. */
function lawName({
  arbitration,
  corroboration,
}: Pick<TableSettings, "arbitration" | "corroboration">): string {
  return `${VERSION} ${arbitration} ${corroboration}`;
}

const seatedMemory = z.object({
  sinceDay: z.number().int(),
  lastDay: z.number().int(),
  seen: z.record(z.string(), z.number().int()),
});

/** What was written by another version and cannot be read is as if nothing had been seen. */
function readSeated(text: string | null): SeatedMemory | null {
  if (text === null) return null;
  try {
    return seatedMemory.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The settings that a stored name says; nothing where it says none. */
function lawOf(name: string): Partial<TableSettings> {
  const arbitration = ARBITRATIONS.find((one) => one === name.split(" ")[1]);
  const corroboration = CORROBORATIONS.find((one) => one === name.split(" ")[2]);
  return arbitration === undefined || corroboration === undefined ? {} : { arbitration, corroboration };
}

function downlinkOf(arrivals: readonly Arrival[]): { readonly downlinkNext?: number } {
  const last = arrivals.findLast((arrival) => arrival.downlinkNext !== undefined)?.downlinkNext;
  return last === undefined ? {} : { downlinkNext: last };
}
