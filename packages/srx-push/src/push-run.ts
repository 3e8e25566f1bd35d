import type { EntryFilter, EntrySource } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { bodyOf, halvesOf, MAX_POST_ENTRIES, newestOf, type PlannedEntry, planPosts } from "./plan-posts.ts";
import { judge } from "./post-outcome.ts";
import { changeOf, nobodyAt, type PushChange } from "./push-change.ts";
import type { PushMemory, PushProgress } from "./push-memory.ts";
import type { PushClock, PushTransport } from "./push-ports.ts";
import { PushRecord, type PushStatus } from "./push-record.ts";
import { retryDelayMs } from "./retry-delay.ts";
import {
  causeOfRound,
  fingerprintOf,
  numberingOf,
  OUTAGE_MS,
  ROUND_WORDS,
  type RoundCause,
} from "./round-cause.ts";
import { writeEntry } from "./write-entry.ts";

/** Where nothing says that something changed, it is looked so often. */
const IDLE_MS = 1000;
/** A firewall to which nothing was posted for so long is asked whether it is there. */
const PROBE_MS = 30_000;
/** A wrong password is not tried again and again: that could lock the account. */
const REFUSED_RETRY_MS = 15 * 60_000;
const NOTE_MS = 60_000;
/** Progress over changes that the firewall is not told of is noted after so many. */
const NOTE_REVISIONS = 1000;
/** So many entries in a row called malformed, their logoffs too: it is not the entries. */
const MALFORMED_IN_A_ROW_MAX = 20;
const MALFORMED_KEPT = 1000;
/** Causes of a round in which the firewall may hold what another sender told it, and is not remembered here. */
const UNKNOWN_TABLE: readonly (RoundCause | null)[] = ["first", "turn", "away", "demand"];
const TOLD = "The firewall is told of every change.";

export interface PushRunOptions {
  /** For the log. */
  readonly enforcementPointId: string;
  /** Asked for each time: the table may be another after a fault. */
  readonly source: () => EntrySource | Promise<EntrySource>;
  /** What the firewall is told of; another one begins everything anew, and tells of those who fell out. */
  readonly filter: () => EntryFilter;
  /** Where it is, for its identity: another one begins everything anew. */
  readonly place: string;
  /** The name that the firewall shows as the source of all entries. */
  readonly sourceLabel: string;
  readonly memory: PushMemory;
  readonly transport: PushTransport;
  readonly maxPostsPerSecond: number;
  /** Everything is told again after so long; 0: never. */
  readonly reannounceMs: number;
  /**
   * Goes up whenever another one is chosen to post to this firewall; 0 and 1: nobody else ever did. From 2 on the firewall
   * may hold people that only the others told it of, so every end is told, whether or not its address is remembered.
   */
  readonly turn?: number;
  readonly clock: PushClock;
  readonly random: () => number;
  readonly log: Logger;
}

type Step = "told" | "idle" | "again";

interface Demand {
  readonly done: Promise<number>;
  readonly resolve: (entries: number) => void;
  readonly reject: (error: Error) => void;
  isRunning: boolean;
}

/**
 * Tells one firewall's Web API of every change of a table, for as long as it runs.
 *
 * Holds:    how far it got, over restarts, in its memory; nothing of the table: it reads a page, posts it, reads on.
 * Promises: one post is under way at a time, so no two changes of an address overtake each other. After the last post was
 *           stored the firewall holds whom the filter shows and nobody else, whatever failed before. An entry that the
 *           firewall calls malformed is replaced by a logoff of its address: nobody rather than whoever was there.
 * Errors:   none thrown by `run`; what is wrong is in `status`, with what to do.
 */
export class PushRun {
  readonly #options: PushRunOptions;
  readonly #record = new PushRecord();
  /** Entries called malformed, as they were written. Bounded: the oldest is tried again. */
  readonly #malformed = new Map<string, string>();
  #progress: PushProgress | null = null;
  #isBeginning = true;
  #failures = 0;
  #malformedInARow = 0;
  /** Since when nothing was heard of the firewall; null: it is there. */
  #downSince: number | null = null;
  #wasDown = false;
  #heardAt = 0;
  #notedAt = 0;
  #notedRevision = 0;
  #nextPostAt = 0;
  #toldInRound = 0;
  #demand: Demand | null = null;
  readonly #whoseTurn: number;
  #hasNews = false;
  #idling = new AbortController();
  #waiting = new AbortController();

  constructor(options: PushRunOptions) {
    this.#options = options;
    this.#whoseTurn = options.turn ?? 0;
  }

  status(): PushStatus {
    return this.#record.status(this.#options.transport.warning);
  }

  /** Entries told since the last time everything was told anew: for who waits for its end. */
  get toldInRound(): number {
    return this.#toldInRound;
  }

  /** Something may have changed: look now. Does not cut a wait after a failure. */
  wake(): void {
    this.#hasNews = true;
    this.#idling.abort();
  }

  /** Tells everything again, at once. Resolves with the number of entries told; rejects when the run ends before. */
  resync(): Promise<number> {
    if (this.#demand === null) {
      let resolve: Demand["resolve"] = () => undefined;
      let reject: Demand["reject"] = () => undefined;
      const done = new Promise<number>((fulfil, refuse) => {
        resolve = fulfil;
        reject = refuse;
      });
      // Whoever asked may be gone by then.
      done.catch(() => undefined);
      this.#demand = { done, resolve, reject, isRunning: false };
    }
    this.#waiting.abort();
    this.wake();
    return this.#demand.done;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, memory, enforcementPointId } = this.#options;
    this.#isBeginning = true;
    while (!signal.aborted) {
      try {
        this.#progress = await memory.load();
        while (!signal.aborted) await this.#turn(signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#failures += 1;
        this.#record.failed();
        this.#record.set(
          "broken",
          "What this firewall was told cannot be noted or read, so nothing is posted; it is tried again.",
        );
        log.error({ enforcementPointId, err: error, attempt: this.#failures }, "push cannot go on");
        await this.#wait(retryDelayMs(this.#failures, this.#options.random()), signal);
      }
    }
    this.#demand?.reject(new Error("The push was stopped before everything was told."));
    this.#demand = null;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const before = this.#record.posts;
    const step = await this.#step(signal);
    if (step === "idle") return this.#idle(signal);
    // Thousands of pages may hold nothing that this firewall is told of: others of this process get their turn.
    if (this.#record.posts === before) await this.#options.clock.sleep(0, signal);
  }

  async #step(signal: AbortSignal): Promise<Step> {
    const source = await this.#options.source();
    const filter = this.#options.filter();
    const progress = await this.#roundFor(source, filter);
    this.#record.pending = Math.max(0, source.revision - progress.revision);
    const page = source.changesSince(progress.revision, MAX_POST_ENTRIES, filter);
    const reached = Math.max(progress.revision, page.nextRevision);
    const changes = page.entries.map((entry) => changeOf(entry, progress.notBefore));
    if ((await this.#tell(changes, progress, signal)) === "again") return "again";
    const next = { ...progress, revision: reached };
    this.#record.pending = Math.max(0, source.revision - reached);
    if (page.isLast && progress.isResyncing) return this.#endRound(next, signal);
    await this.#note(next, changes.length > 0);
    if (!page.isLast) return "told";
    if (this.#downSince === null) this.#record.set("ok", TOLD);
    return changes.length > 0 ? "told" : "idle";
  }

  /** The progress to go on from: a new round where one is needed. */
  async #roundFor(source: EntrySource, filter: EntryFilter): Promise<PushProgress> {
    const { clock, place, log, memory, reannounceMs, enforcementPointId } = this.#options;
    const fingerprint = fingerprintOf(place, filter);
    const now = clock.now();
    const cause = causeOfRound({
      progress: this.#progress,
      source,
      fingerprint,
      turn: this.#whoseTurn,
      now,
      reannounceMs,
      isBeginning: this.#isBeginning,
      wasDown: this.#wasDown,
      isDemanded: this.#demand !== null && !this.#demand.isRunning,
    });
    if (cause === null && this.#progress !== null) return this.#progress;
    const begun: PushProgress = {
      numbering: numberingOf(source),
      revision: 0,
      fingerprint,
      round: (this.#progress?.round ?? 0) + 1,
      roundBeganAt: now,
      isResyncing: true,
      tellsAllEnds: UNKNOWN_TABLE.includes(cause) || (this.#progress?.tellsAllEnds ?? false),
      notBefore: now,
      heardAt: this.#progress?.heardAt ?? 0,
      turn: this.#whoseTurn,
    };
    await memory.save(begun);
    this.#progress = begun;
    this.#isBeginning = false;
    this.#wasDown = false;
    this.#toldInRound = 0;
    this.#malformed.clear();
    if (this.#demand !== null) this.#demand.isRunning = true;
    if (this.#downSince === null)
      this.#record.set("resyncing", `Everything is told again: ${ROUND_WORDS[cause ?? "first"]}.`);
    log.info({ enforcementPointId, reason: ROUND_WORDS[cause ?? "first"] }, "everything is told again");
    return begun;
  }

  /** Tells of those that the firewall may still hold though nothing was told of them in this round. */
  async #endRound(progress: PushProgress, signal: AbortSignal): Promise<Step> {
    const { memory, clock, enforcementPointId, log } = this.#options;
    await this.#save(progress);
    for (;;) {
      const ips = await memory.leftBehind(progress.round, MAX_POST_ENTRIES);
      if (ips.length === 0) break;
      const now = clock.now();
      const nobody = ips.map((ip) => nobodyAt(ip, now));
      if ((await this.#tell(nobody, { ...progress, tellsAllEnds: true }, signal)) === "again") return "again";
      // Whose logoff is called malformed stays remembered, and is tried again in the next round.
      await memory.willTell([...(await memory.mayHold(ips))], progress.round);
    }
    await this.#save({
      ...progress,
      isResyncing: false,
      tellsAllEnds: this.#whoseTurn > 1,
      notBefore: clock.now(),
    });
    this.#demand?.resolve(this.#toldInRound);
    this.#demand = null;
    this.#record.set("ok", TOLD);
    log.info({ enforcementPointId, count: this.#toldInRound }, "everything was told");
    return "told";
  }

  /** "again": something failed and was waited for; the page is to be read anew, because it may have changed meanwhile. */
  async #tell(
    changes: readonly PushChange[],
    progress: PushProgress,
    signal: AbortSignal,
  ): Promise<"told" | "again"> {
    const { memory, sourceLabel } = this.#options;
    const newest = newestOf(changes);
    const ends = newest.filter(({ user }) => user === null).map(({ ip }) => ip);
    const held = progress.tellsAllEnds || ends.length === 0 ? null : await memory.mayHold(ends);
    const wanted = held === null ? newest : newest.filter(({ user, ip }) => user !== null || held.has(ip));
    for (const post of planPosts(wanted, { source: sourceLabel }).posts) {
      const entries = post.entries.flatMap((entry) => this.#withoutKnownMalformed(entry));
      const logons = entries.filter(({ kind }) => kind === "logon").map(({ ip }) => ip);
      if (logons.length > 0) await memory.willTell(logons, progress.round);
      if ((await this.#send(entries, signal)) === "again") return "again";
    }
    return "told";
  }

  #withoutKnownMalformed(entry: PlannedEntry): readonly PlannedEntry[] {
    if (this.#malformed.get(entry.ip) !== entry.text) return [entry];
    return entry.kind === "logon" ? [this.#endOf(entry)] : [];
  }

  async #send(entries: readonly PlannedEntry[], signal: AbortSignal): Promise<"told" | "again"> {
    if (entries.length === 0) return "told";
    const { clock, memory, random } = this.#options;
    const outcome = await this.#post(entries, signal);
    const verdict = judge(outcome);
    switch (verdict.kind) {
      case "stored": {
        this.#isThere();
        this.#malformedInARow = 0;
        this.#record.stored(clock.now(), entries.length);
        this.#toldInRound += entries.length;
        const ended = entries.filter(({ kind }) => kind === "logoff").map(({ ip }) => ip);
        if (ended.length > 0) await memory.forget(ended);
        return "told";
      }
      case "malformed": {
        this.#isThere();
        this.#record.failed();
        const [only] = entries;
        if (entries.length === 1 && only) return this.#setAside(only, verdict.status, signal);
        for (const half of halvesOf({ entries }))
          if ((await this.#send(half.entries, signal)) === "again") return "again";
        return "told";
      }
      case "later": {
        // Busy is an answer: what was not reached before is reached now.
        if (verdict.isBusy) this.#endOutage();
        else this.#downSince ??= clock.now();
        this.#fail(verdict.isBusy ? "waiting" : "broken", verdict.sentence);
        await this.#wait(verdict.waitMs ?? retryDelayMs(this.#failures, random()), signal);
        return "again";
      }
      case "refused":
        return this.#refused(verdict.sentence, signal);
    }
  }

  async #refused(sentence: string, signal: AbortSignal): Promise<"again"> {
    this.#fail("refused", sentence);
    this.#downSince ??= this.#options.clock.now();
    await this.#wait(REFUSED_RETRY_MS, signal);
    return "again";
  }

  /** One entry that the firewall calls malformed: nobody is told in its place, and it is left out until it changes. */
  async #setAside(entry: PlannedEntry, status: number, signal: AbortSignal): Promise<"told" | "again"> {
    const { clock, log, enforcementPointId } = this.#options;
    this.#malformedInARow += 1;
    if (this.#malformedInARow > MALFORMED_IN_A_ROW_MAX) {
      this.#malformedInARow = 0;
      this.#malformed.clear();
      return this.#refused(
        `The firewall calls every post malformed (${status}): its Web API may be of another version. See the runbook on push mode.`,
        signal,
      );
    }
    this.#malformed.delete(entry.ip);
    this.#malformed.set(entry.ip, entry.text);
    for (const oldest of this.#malformed.keys()) {
      if (this.#malformed.size <= MALFORMED_KEPT) break;
      this.#malformed.delete(oldest);
    }
    const what = entry.kind === "logon" ? "the logon at" : "the end of the session at";
    this.#record.malformed(
      clock.now(),
      status,
      `The firewall calls ${what} ${entry.ip} malformed (${status}); it is left out until it changes${entry.kind === "logon" ? ", and nobody is told there" : ""}.`,
    );
    log.warn({ enforcementPointId, httpStatus: status, ip: entry.ip, kind: entry.kind }, "entry left out");
    return entry.kind === "logon" ? this.#send([this.#endOf(entry)], signal) : "told";
  }

  #endOf({ ip, at }: PlannedEntry): PlannedEntry {
    const { text, kind } = writeEntry(nobodyAt(ip, at), this.#options.sourceLabel);
    return { ip, kind, at, text };
  }

  async #post(entries: readonly PlannedEntry[], signal: AbortSignal) {
    const { clock, transport, maxPostsPerSecond } = this.#options;
    const periodMs = 1000 / maxPostsPerSecond;
    // Never longer than the rate asks for: a clock that was set back would keep the firewall waiting until it has caught up.
    const waitMs = Math.min(this.#nextPostAt - clock.now(), periodMs);
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    this.#nextPostAt = clock.now() + periodMs;
    this.#record.posted(clock.now());
    return transport.post(bodyOf({ entries }), signal);
  }

  /** It has answered: whatever was wrong with the way to it is over. */
  #isThere(): void {
    this.#endOutage();
    if (this.#failures > 0)
      this.#record.set(
        this.#progress?.isResyncing ? "resyncing" : "ok",
        "The firewall answers again and is told what it missed.",
      );
    this.#failures = 0;
  }

  #endOutage(): void {
    const now = this.#options.clock.now();
    if (this.#downSince !== null && now - this.#downSince >= OUTAGE_MS) this.#wasDown = true;
    this.#downSince = null;
    this.#heardAt = now;
  }

  #fail(state: "waiting" | "broken" | "refused", sentence: string): void {
    const { log, enforcementPointId } = this.#options;
    this.#failures += 1;
    this.#record.failed();
    const isChange = this.#record.set(state, sentence);
    if (isChange) log.warn({ enforcementPointId, state, reason: sentence }, "firewall does not take posts");
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const { clock, transport, random } = this.#options;
    // That somebody listens says nothing of a refused password: what was refused stays so until a post is taken.
    const isRefused = this.#record.state === "refused";
    if (!isRefused && (this.#downSince !== null || clock.now() - this.#heardAt >= PROBE_MS)) {
      const silent = await transport.probe(signal);
      if (silent !== null) {
        this.#downSince ??= clock.now();
        this.#fail("broken", silent);
        await this.#wait(retryDelayMs(this.#failures, random()), signal);
        return;
      }
      this.#isThere();
      if (this.#progress !== null) await this.#note(this.#progress, false);
      if (this.#wasDown) return;
      this.#record.set("ok", TOLD);
    }
    if (this.#hasNews) {
      this.#hasNews = false;
      return;
    }
    this.#idling = new AbortController();
    await clock.sleep(IDLE_MS, AbortSignal.any([signal, this.#idling.signal])).catch(() => undefined);
    this.#hasNews = false;
  }

  /** A wait after a failure, which only a demand cuts short. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    this.#waiting = new AbortController();
    await this.#options.clock
      .sleep(ms, AbortSignal.any([signal, this.#waiting.signal]))
      .catch(() => undefined);
  }

  /** Notes the progress where that is worth a write. */
  async #note(progress: PushProgress, isNeeded: boolean): Promise<void> {
    const isFar = progress.revision - this.#notedRevision >= NOTE_REVISIONS;
    const isLate = this.#options.clock.now() - this.#notedAt >= NOTE_MS && this.#downSince === null;
    if (isNeeded || isFar || isLate) await this.#save(progress);
    else this.#progress = progress;
  }

  async #save(progress: PushProgress): Promise<void> {
    const noted = { ...progress, heardAt: Math.max(progress.heardAt, this.#heardAt) };
    await this.#options.memory.save(noted);
    this.#progress = noted;
    this.#isBeginning = false;
    this.#notedAt = this.#options.clock.now();
    this.#notedRevision = noted.revision;
  }
}
