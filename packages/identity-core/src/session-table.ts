import { composeEntry, sameEntry } from "./compose-entry.ts";
import { type Corroboration, isLogonTicket } from "./corroboration.ts";
import type { ChangePage, Entry, EntryFilter, EntrySource } from "./entry.ts";
import { EntryLog } from "./entry-log.ts";
import { type Arbitration, type Evaluation, evaluateKey } from "./evaluate-key.ts";
import { type ExplainOptions, type Explanation, explainAddress } from "./explain.ts";
import type { IpAddress } from "./ip-address.ts";
import { applyObservation, emptyKeyState, type KeyState, tokensOfState } from "./key-state.ts";
import type { EpochMs, Observation, PrincipalFacts } from "./observation.ts";
import { ByteReader } from "./packed/byte-reader.ts";
import type { ByteWriter } from "./packed/byte-writer.ts";
import { Column } from "./packed/column.ts";
import { DueHeap } from "./packed/due-heap.ts";
import { packState, unpackState } from "./packed/pack-state.ts";
import { PackedMemory } from "./packed/packed-memory.ts";
import { PlaceIndex } from "./packed/place-index.ts";
import { ChangedPages, PAGE_ROWS, type RowPage } from "./packed/row-pages.ts";
import { hashOfToken, unpackHashes } from "./packed/token-hash.ts";
import { TokenIndex } from "./packed/token-index.ts";
import type { Vocabulary } from "./packed/vocabulary.ts";
import { PrincipalDirectory, tokensOfFacts } from "./principal-directory.ts";
import { groupsByRecord } from "./siblings.ts";

export interface SessionTableOptions {
  /** Who numbers the revisions, and which life of that numbering: 16 hex digits each. */
  readonly issuer: string;
  readonly incarnation: string;
  readonly arbitration?: Arbitration;
  /** Whether a Kerberos ticket needs a second sign to count as a logon. Default: off. */
  readonly corroboration?: Corroboration;
  /** How long the end of a session is kept to be told. */
  readonly tombstoneMs?: number;
  /** What stored pages were written with. Present where the table is stored by its pages. */
  readonly vocabulary?: Vocabulary;
}

/** What changed. */
export interface Changed {
  /** Entries with a new revision, in its order; those that one record changed share theirs. */
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

/** The table as it is stored: pages of rows that stand next to each other, each a few kilobytes. */
export interface TablePages<Page> {
  readonly places: Iterable<Page>;
  readonly facts: Iterable<Page>;
}

export interface StoredPages extends TablePages<{ readonly page: number; readonly body: Uint8Array }> {
  readonly revision: number;
  readonly floorRevision: number;
  /** The law may say otherwise than when they were stored: all is looked at again with the next `advance`. */
  readonly isAllDue: boolean;
  /** About how many rows there are of each: so that room is made once. */
  readonly rows?: { readonly places: number; readonly facts: number };
}

const DAY_MS = 86_400_000;
const PRUNE_MS = 60_000;

/**
 * Who is at which address, computed by the law from observations and from what directories know.
 *
 * Holds:    one key state per (address space, address), the entry it gives, and principal facts; all packed outside
 *           the heap (docs/adr/0011-compact-tables.md). What it gives is made anew and belongs to the caller.
 * Changed:  only by `apply`, `applyFacts`, `advance` and `restore`, each with the time as an argument.
 * Promises: the same set of observations gives the same answers, in whatever order it came; a refresh alone makes
 *           no revision; each change has one revision, greater than all before, shared by what one record changed; what
 *           one observation costs does not depend on how many addresses are held.
 * Does not: read a clock, a file or a socket; suppress (see suppression.ts); know firewalls.
 */
export class SessionTable implements EntrySource {
  readonly issuer: string;
  readonly incarnation: string;
  #arbitration: Arbitration;
  #corroboration: Corroboration;
  #tombstoneMs: number;
  #dark: ReadonlySet<string> = new Set();
  readonly #memory: PackedMemory;
  readonly #places = new PlaceIndex();
  /** Where each row's state stands; 0: it has none. */
  readonly #states = new Column("u32");
  #size = 0;
  readonly #principals: PrincipalDirectory;
  readonly #tokens = new TokenIndex();
  readonly #timer = new DueHeap();
  /** Rows at which nobody was ever known, by the time until which anything kept of them can bear on an answer. */
  readonly #neverKnown = new DueHeap();
  /** With `detect`: 1 at which `on` would name somebody else, or nobody. */
  readonly #wouldDiffer = new Column("u8");
  #differences = 0;
  readonly #changedPages: ChangedPages | null;
  #log: EntryLog;
  #prunedAt: EpochMs = 0;

  constructor(options: SessionTableOptions) {
    this.issuer = options.issuer;
    this.incarnation = options.incarnation;
    this.#arbitration = options.arbitration ?? "law";
    this.#corroboration = options.corroboration ?? "off";
    this.#tombstoneMs = options.tombstoneMs ?? DAY_MS;
    this.#memory = new PackedMemory(options.vocabulary);
    const isStored = options.vocabulary !== undefined;
    this.#changedPages = isStored ? new ChangedPages() : null;
    this.#principals = new PrincipalDirectory(this.#memory, isStored);
    this.#log = this.#newLog(0, 0);
  }

  get revision(): number {
    return this.#log.revision;
  }
  get floorRevision(): number {
    return this.#log.floorRevision;
  }
  /** Addresses of which anything is kept. */
  get size(): number {
    return this.#size;
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
    return this.#differences;
  }
  get principals(): PrincipalDirectory {
    return this.#principals;
  }

  setTombstoneMs(tombstoneMs: number): void {
    this.#tombstoneMs = tombstoneMs;
  }

  /** Decides by another law from now on: all is looked at again with the next `advance`. */
  setLaw(arbitration: Arbitration, corroboration: Corroboration): void {
    if (arbitration === this.#arbitration && corroboration === this.#corroboration) return;
    this.#arbitration = arbitration;
    this.#corroboration = corroboration;
    for (let row = 0; row < this.#places.rows.end; row++) {
      if (this.#states.get(row) !== 0) this.#timer.schedule(row, 0);
      // What differed was found by the law as it was.
      this.#setDifference(row, false);
    }
  }

  /** Sources that cannot be heard: whom they name some readers are not told of. What is told changes as readers ask anew. */
  setDarkSources(sourceIds: ReadonlySet<string>): void {
    this.#dark = sourceIds;
  }

  apply(observations: readonly Observation[], now: EpochMs): Changed {
    const touched = new Map<number, KeyState>();
    const rows: number[] = [];
    for (const observation of observations) {
      const { addressSpaceId, ip } = observation;
      const row = this.#places.add(addressSpaceId, ip);
      rows.push(row);
      const before = touched.get(row) ?? this.#stateAt(row) ?? emptyKeyState(addressSpaceId, ip);
      const after = applyObservation(before, observation);
      if (after !== before) touched.set(row, after);
    }
    for (const [row, state] of touched) this.#writeState(row, state);
    // What had no effect may have made a row for nothing.
    for (const row of rows) if (this.#places.isUsed(row)) this.#releaseUnused(row);
    const groups = groupsByRecord(observations, rows, (row) => touched.has(row));
    return this.#reconsider(groups, now, touched, []);
  }

  applyFacts(facts: readonly PrincipalFacts[], now: EpochMs): Changed {
    const rows = new Set<number>();
    const news: PrincipalFacts[] = [];
    for (const one of facts) {
      const before = this.#principals.factsOf(one.key);
      if (!this.#principals.upsert(one)) continue;
      news.push(one);
      for (const token of [...tokensOfFacts(one), ...(before ? tokensOfFacts(before) : [])])
        for (const row of this.#tokens.rowsOf(hashOfToken(token))) rows.add(row);
    }
    return this.#reconsider(oneByOne(rows), now, new Map(), news);
  }

  /** Lets time pass: expiry, the end of contested, and forgetting what ended long ago. */
  advance(now: EpochMs): Changed {
    const changed = this.#reconsider(oneByOne(this.#timer.take(now)), now, new Map(), []);
    // A clock that was put back must not stop it until that time comes again.
    if (Math.abs(now - this.#prunedAt) < PRUNE_MS) return changed;
    this.#prunedAt = now;
    const before = now - this.#tombstoneMs;
    const rows = this.#log.pruneRows(before).map(({ row }) => row);
    // Those due are the ones whose last bearing lies before that time, not at it.
    for (const row of this.#neverKnown.take(before - 1)) if (!this.#log.has(row)) rows.push(row);
    const pruned = rows.map((row) => this.#placeOf(row));
    for (const row of rows) this.#forget(row);
    return { ...changed, pruned };
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

  /** Entries of an address, one a space. */
  entriesOf(ip: IpAddress): Entry[] {
    return this.#log.entriesOf(ip);
  }

  stateOf(addressSpaceId: string, ip: IpAddress): KeyState | null {
    const row = this.#places.find(addressSpaceId, ip);
    return row < 0 ? null : this.#stateAt(row);
  }

  /**
   * Entries whose user's session ends of itself by `at`, in no order: for whoever would ask first whether somebody is still
   * there. What ends later costs nothing. The table must not change while it is read.
   */
  *endingBy(at: EpochMs): Generator<Entry, undefined> {
    for (const row of this.#timer.dueBy(at)) {
      const entry = this.#log.at(row);
      if (entry?.user && entry.user.expiresAt <= at) yield entry;
    }
  }

  entries(): IterableIterator<Entry> {
    return this.#log.entries();
  }

  *states(): Generator<KeyState, undefined> {
    for (let row = 0; row < this.#places.rows.end; row++) {
      const state = this.#stateAt(row);
      if (state !== null) yield state;
    }
  }

  /** Whether what is kept of any address names the principal of these facts. */
  names(facts: PrincipalFacts): boolean {
    const tokens = tokensOfFacts(facts);
    return tokens.some(
      (token) =>
        this.#tokens.find(hashOfToken(token), (row) => {
          const state = this.#stateAt(row);
          return state !== null && tokensOfState(state).includes(token);
        }) >= 0,
    );
  }

  /** Entries that name this principal as their user. */
  entriesOfPrincipal(key: string): Entry[] {
    return this.#entriesOf([key]).filter((entry) => entry.user?.principalKey === key);
  }

  /** Entries at which this computer is, also where the table has only its name yet. */
  entriesOfDevice(facts: PrincipalFacts): Entry[] {
    const tokens = tokensOfFacts(facts);
    return this.#entriesOf(tokens).filter(({ device }) => {
      return (
        device !== null &&
        (device.principalKey === facts.key || tokens.includes(device.principalKey.toLowerCase()))
      );
    });
  }

  /** Entries that may be meant by a spelling: a name as `name`, `domain\name`, UPN or SID. The caller looks closer. */
  entriesOfSpelling(spelling: string): Entry[] {
    return this.#entriesOf([spelling]);
  }

  #entriesOf(spellings: readonly string[]): Entry[] {
    const hashes = new Set(spellings.map((one) => hashOfToken(one.toLowerCase())));
    for (const facts of this.#principals.sharing(spellings))
      for (const token of tokensOfFacts(facts)) hashes.add(hashOfToken(token));
    const rows = new Set([...hashes].flatMap((hash) => this.#tokens.rowsOf(hash)));
    return [...rows].flatMap((row) => this.#log.at(row) ?? []);
  }

  /** People with a session, and addresses at which only a device is known. Takes some milliseconds of a large table. */
  countPeople(): { readonly people: number; readonly onlyDevice: number } {
    return this.#log.countPeople();
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
    more: Pick<ExplainOptions, "suppressed" | "readers" | "alsoLiveIn"> = {},
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
    this.#log = this.#newLog(snapshot.revision, snapshot.floorRevision);
    for (const entry of [...snapshot.entries].sort((a, b) => a.revision - b.revision)) this.#log.put(entry);
    for (const state of snapshot.keys) {
      const row = this.#places.add(state.addressSpaceId, state.ip);
      this.#writeState(row, state);
      // Due at once: what expired while nobody looked is found by the next `advance`.
      this.#timer.schedule(row, 0);
    }
  }

  /** True while something changed since `pagesStored`. */
  get hasChangedPages(): boolean {
    return (this.#changedPages?.size ?? 0) > 0 || this.#principals.hasChangedPages;
  }

  /** What changed since `pagesStored`, as it is to be stored. Packed while it is read: the table must not change meanwhile. */
  changedPages(): TablePages<RowPage> {
    return { places: this.#packChanged(), facts: this.#principals.changedPages() };
  }

  *#packChanged(): Generator<RowPage, undefined> {
    for (const page of this.#changedPages?.list() ?? []) yield { page, body: this.#packPage(page) };
  }

  pagesStored(): void {
    this.#changedPages?.clear();
    this.#principals.pagesStored();
  }

  /**
   * Takes over stored pages. Call once, before anything else; then `advance(now)`. The vocabulary must be the one they
   * were written with. Throws `RangeError` for bytes that nobody stored so.
   */
  restorePages(stored: StoredPages): void {
    this.#log = this.#newLog(stored.revision, stored.floorRevision);
    this.#places.reserve(stored.rows?.places ?? 0);
    this.#tokens.reserve(stored.rows?.places ?? 0);
    this.#principals.restorePages(stored.facts, stored.rows?.facts);
    const rows: number[] = [];
    const revisions = new Column("f64");
    const handles = new Column("u32");
    const body = new ByteReader(this.#memory.vocabulary);
    let end = 0;
    for (const page of stored.places) {
      body.open(page.body, 0, page.body.length);
      while (!body.isAtEnd) {
        const row = page.page * PAGE_ROWS + body.byte();
        end = Math.max(end, row + 1);
        this.#places.unpack(row, body);
        const due = body.number();
        this.#states.set(row, this.#takeRecord(body));
        if (this.#states.get(row) !== 0) {
          this.#size += 1;
          this.#tokens.addPacked(row, this.#memory.open(this.#states.get(row)));
        }
        revisions.set(row, body.count());
        handles.set(row, this.#takeRecord(body));
        if (handles.get(row) !== 0) rows.push(row);
        if (stored.isAllDue) this.#timer.schedule(row, 0);
        else if (due >= 0) this.#timer.schedule(row, due);
      }
    }
    this.#places.rows.restore(end, (row) => this.#places.isUsed(row));
    rows.sort((a, b) => revisions.get(a) - revisions.get(b));
    for (const row of rows) this.#log.restoreAt(row, revisions.get(row), handles.get(row));
    for (let row = 0; row < end; row++) if (this.#places.isUsed(row)) this.#watchNeverKnown(row, null);
  }

  /** Of each used row: its place, when it is due, its state, its entry's revision, its entry. */
  #packPage(page: number): Uint8Array | null {
    const body = this.#memory.pageWriter.begin();
    for (let row = page * PAGE_ROWS; row < (page + 1) * PAGE_ROWS; row++) {
      if (!this.#places.isUsed(row)) continue;
      body.byte(row % PAGE_ROWS);
      this.#places.pack(row, body);
      body.number(this.#timer.dueOf(row) ?? -1);
      this.#giveRecord(this.#states.get(row), body);
      body.count(this.#log.revisionAt(row));
      this.#giveRecord(this.#log.handleAt(row), body);
    }
    return body.length === 0 ? null : body.bytes.subarray(0, body.length);
  }

  #giveRecord(handle: number, body: ByteWriter): void {
    if (handle === 0) {
      body.count(0);
      return;
    }
    const record = this.#memory.open(handle);
    body.count(record.end - record.at);
    body.raw(record.bytes, record.at, record.end);
  }

  #takeRecord(body: ByteReader): number {
    const length = body.count();
    if (length === 0) return 0;
    const from = body.skip(length);
    return this.#memory.slab.put(body.bytes.subarray(from, from + length), length);
  }

  /** `groups`: rows whose changes share a revision. */
  #reconsider(
    groups: Iterable<readonly number[]>,
    now: EpochMs,
    states: ReadonlyMap<number, KeyState>,
    facts: readonly PrincipalFacts[],
  ): Changed {
    const entries: Entry[] = [];
    for (const group of groups) {
      const revision = this.#log.revision + 1;
      for (const row of group) {
        const state = states.get(row) ?? this.#stateAt(row);
        if (state === null) continue;
        const told = this.#reconsiderRow(row, state, revision, now);
        if (told !== null) entries.push(told);
      }
    }
    return { entries, keys: [...states.values()], facts, pruned: [] };
  }

  /** Gives the entry where a reader is to be told of it. */
  #reconsiderRow(row: number, state: KeyState, revision: number, now: EpochMs): Entry | null {
    const evaluation = evaluateKey(state, this.#principals, now, {
      arbitration: this.#arbitration,
      corroboration: this.#corroboration,
    });
    if (this.#corroboration === "detect") this.#noteDifference(row, state, evaluation, now);
    this.#timer.schedule(row, evaluation.nextChangeAt);
    this.#changedPages?.note(row);
    const previous = this.#log.at(row);
    const next = composeEntry(state, evaluation, this.#principals, previous, revision, now);
    if (previous && sameEntry(previous, next, this.#dark)) {
      this.#log.touchAt(row, { ...next, revision: previous.revision, changedAt: previous.changedAt });
      return null;
    }
    // Nobody was known and nobody is: there is nothing to tell.
    if (!previous && next.user === null && next.device === null) {
      this.#watchNeverKnown(row, state);
      return null;
    }
    this.#neverKnown.schedule(row, null);
    this.#log.putAt(row, next);
    return next;
  }

  #watchNeverKnown(row: number, state: KeyState | null): void {
    if (this.#log.has(row)) return;
    const kept = state ?? this.#stateAt(row);
    if (kept !== null) this.#neverKnown.schedule(row, lastBearing(kept));
  }

  #noteDifference(row: number, state: KeyState, answer: Evaluation, now: EpochMs): void {
    if (!state.user.claims.some(isLogonTicket)) {
      this.#setDifference(row, false);
      return;
    }
    const would = evaluateKey(state, this.#principals, now, {
      arbitration: this.#arbitration,
      corroboration: "on",
    });
    this.#setDifference(row, ownerOf(would) !== ownerOf(answer));
  }

  #setDifference(row: number, differs: boolean): void {
    this.#differences += Number(differs) - this.#wouldDiffer.get(row);
    this.#wouldDiffer.set(row, Number(differs));
  }

  #stateAt(row: number): KeyState | null {
    const handle = this.#states.get(row);
    if (handle === 0) return null;
    const place = this.#placeOf(row);
    return unpackState(place.addressSpaceId, place.ip, this.#memory.open(handle));
  }

  #hashesAt(row: number): number[] {
    const handle = this.#states.get(row);
    return handle === 0 ? [] : unpackHashes(this.#memory.open(handle));
  }

  #writeState(row: number, state: KeyState): void {
    const { slab, writer } = this.#memory;
    const before = this.#hashesAt(row);
    packState(state, writer.begin());
    const handle = this.#states.get(row);
    if (handle === 0) this.#size += 1;
    this.#states.set(row, slab.replace(handle, writer.bytes, writer.length));
    this.#tokens.move(row, before, this.#hashesAt(row));
    this.#changedPages?.note(row);
  }

  #forget(row: number): void {
    for (const hash of this.#hashesAt(row)) this.#tokens.remove(row, hash);
    if (this.#states.get(row) !== 0) this.#size -= 1;
    this.#memory.slab.drop(this.#states.get(row));
    this.#states.set(row, 0);
    this.#setDifference(row, false);
    this.#timer.schedule(row, null);
    this.#neverKnown.schedule(row, null);
    this.#changedPages?.note(row);
    this.#places.remove(row);
  }

  #releaseUnused(row: number): void {
    if (this.#states.get(row) === 0 && !this.#log.has(row)) this.#places.remove(row);
  }

  #placeOf(row: number): Place {
    return { addressSpaceId: this.#places.spaceOf(row), ip: this.#places.ipOf(row) };
  }

  #newLog(revision: number, floorRevision: number): EntryLog {
    return new EntryLog(revision, floorRevision, { memory: this.#memory, places: this.#places });
  }
}

function* oneByOne(rows: Iterable<number>): Generator<readonly number[], undefined> {
  for (const row of rows) yield [row];
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
