import { setTimeout as delay } from "node:timers/promises";
import type { GroupFilter } from "@rollcall/directory-graph";
import type { PrincipalFacts } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { CheckResult, CollectedBatch, CollectOptions, Collector, SourceHealth } from "../collector.ts";
import type { LoginPort } from "../login-port.ts";
import type { DirectoryConfig } from "./directory-config.ts";
import { type DirectoryFault, toDirectoryFault } from "./directory-fault.ts";
import { DirectorySync } from "./directory-sync.ts";
import { testDirectory } from "./directory-test.ts";
import { type LdapSession, openLdapSession } from "./ldap-session.ts";
import { PrincipalBook } from "./principal-book.ts";
import { QueryPace } from "./query-pace.ts";
import { retryDelay } from "./retry-delay.ts";
import { type FindServers, findServersByDns, firstThatAnswers, serversOf } from "./server-choice.ts";

const FACTS_PER_BATCH = 500;
/** Logons that come together are read together. */
const LOGONS_GATHER_MS = 250;
/** An account that ends at a moment is ended then, not at the next turn; but not in a loop of its own. */
const EXPIRY_LOOK_MS_MIN = 250;

export interface DirectoryReaderOptions {
  readonly config: DirectoryConfig;
  /** Who it reads as; asked for anew at each connection. */
  readonly login: LoginPort;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Logger;
  /** Shared by the directories of one site, so that names which two domains have are told apart; own where absent. */
  readonly book?: PrincipalBook;
  /** For tests: waits without waiting. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random?: () => number;
  /** How a domain's controllers are found; by the system's DNS where absent. */
  readonly findServers?: FindServers;
}

export interface DirectoryReader extends Collector {
  readonly kind: "directory";
  readonly book: PrincipalBook;
  /** Whether everybody has been handed out once. */
  readonly isTold: boolean;
  /** Tries each step with the present password: name, port, encryption, log-on, reading. One log-on, no retry. */
  test(signal?: AbortSignal): Promise<readonly CheckResult[]>;
  /** Reads at once instead of at the next turn; also tries a login again that may be another now. */
  refresh(): void;
  setGroupFilter(filter: GroupFilter): void;
  /** A user of this directory logged on: he is read again soon, at most once a minute. */
  noteLogon(sid: string): void;
}

/**
 * Reads users, devices and groups of one Active Directory and hands out what changed of each principal.
 *
 * Yields: after the first whole read the facts of everybody, then at each turn those that changed; an empty batch where
 *         nothing did, as a sign of life. There is no bookmark: after a restart everything is read again.
 * Errors: none thrown by `collect`; a fault is shown in `health` with its remedy and tried again with growing pauses.
 *         A refused password is tried again after five minutes, for as long as the login is handed out.
 */
export function createDirectoryReader(options: DirectoryReaderOptions): DirectoryReader {
  return new Reader(options);
}

class Reader implements DirectoryReader {
  readonly kind = "directory";
  readonly book: PrincipalBook;
  isTold = false;
  readonly #options: DirectoryReaderOptions;
  readonly #config: DirectoryConfig;
  readonly #sync: DirectorySync;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #pace: QueryPace;
  readonly #startedAt: number;
  #host: string | null = null;
  #failovers = 0;
  #fault: DirectoryFault | null = null;
  #faultSince = 0;
  #failures = 0;
  #refusedBinds = 0;
  #goodSince: number | null = null;
  #lastReadAt: number | null = null;
  #lastReadMs = 0;
  #changed = 0;
  #wake = new AbortController();
  #isHurried = false;

  constructor(options: DirectoryReaderOptions) {
    this.#options = options;
    this.#config = options.config;
    this.book = options.book ?? new PrincipalBook();
    this.#sync = new DirectorySync(options.config, this.book, options.now);
    this.#sleep = options.sleep ?? sleepUntilAborted;
    this.#pace = new QueryPace(options.config.maxQueriesPerSecond);
    this.#startedAt = options.now();
  }

  get id(): string {
    return this.#config.id;
  }

  async *collect({ signal }: CollectOptions): AsyncGenerator<CollectedBatch> {
    while (!signal.aborted) {
      try {
        yield* this.#readOn(signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#waitAfter(toDirectoryFault(error, this.#config), signal);
      }
    }
  }

  async test(signal: AbortSignal = AbortSignal.timeout(60_000)): Promise<readonly CheckResult[]> {
    return testDirectory(this.#config, this.#options.login, await this.#servers(), signal);
  }

  noteLogon(sid: string): void {
    const had = this.#sync.hasLogons;
    this.#sync.noteLogon(sid);
    if (!had && this.#sync.hasLogons) this.#wake.abort();
  }

  refresh(): void {
    this.#isHurried = true;
    this.#wake.abort();
  }

  setGroupFilter(filter: GroupFilter): void {
    this.book.setGroupFilter(filter);
    this.refresh();
  }

  health(): readonly SourceHealth[] {
    const { id, name, host } = this.#config;
    const { users, devices, groups } = this.book.graph.size;
    const counters = {
      ...this.#sync.counts,
      users,
      devices,
      groups,
      changed: this.#changed,
      cutGroups: this.book.cutGroups,
      failures: this.#failures,
      refusedBinds: this.#refusedBinds,
      dirSync: this.#sync.way === "update-numbers" ? 0 : 1,
      failovers: this.#failovers,
      queriesDelayed: this.#pace.waits,
      lastReadMs: this.#lastReadMs,
    };
    const base = { id, kind: "directory" as const, name, lastActivityAt: this.#lastReadAt, counters };
    if (this.#fault !== null) {
      const { message, remedy } = this.#fault;
      const sentence = (remedy === "" ? message : `${message}: ${remedy}`).slice(0, 500);
      return [{ ...base, state: "broken", since: this.#faultSince, sentence }];
    }
    if (this.#goodSince === null) {
      return [
        { ...base, state: "never", since: this.#startedAt, sentence: `Reading ${host} for the first time` },
      ];
    }
    const since = this.#goodSince;
    if (this.book.cutGroups > 0) {
      const sentence = "Some people are in more groups than a firewall is told: narrow the group filter";
      return [{ ...base, state: "degraded", since, sentence }];
    }
    const from = this.#host === null || this.#host === host ? "" : ` from ${this.#host}`;
    const blind = this.#sync.seesDeleted
      ? ""
      : "; deletions are found by listing everything, for the account may not see deleted objects";
    const whose = this.#sync.server?.domain ?? host;
    const sentence = `${users} users, ${devices} devices and ${groups} groups of ${whose}${from}${blind}`;
    return [{ ...base, state: "ok", since, sentence: sentence.slice(0, 500) }];
  }

  #servers(): Promise<readonly string[]> {
    const { findServers = findServersByDns, random = Math.random } = this.#options;
    return serversOf(this.#config, { find: findServers, random, last: this.#host });
  }

  async *#readOn(signal: AbortSignal): AsyncGenerator<CollectedBatch> {
    const { login, log } = this.#options;
    const { host, value: session } = await firstThatAnswers(await this.#servers(), async (server) => {
      const config = { ...this.#config, host: server };
      const opened = await openLdapSession(config, login, signal, this.#pace);
      try {
        await this.#sync.meet(opened);
        return opened;
      } catch (error) {
        await opened.close();
        throw error;
      }
    });
    if (this.#host !== null && this.#host !== host) {
      this.#failovers += 1;
      log.warn(
        { directoryId: this.id, from: this.#host, to: host },
        "directory read from another controller",
      );
    }
    this.#host = host;
    const close = () => void session.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      while (!signal.aborted) {
        yield* this.#turn(session, signal);
        yield* this.#untilNextTurn(session, signal);
      }
    } finally {
      signal.removeEventListener("abort", close);
      await session.close();
    }
  }

  /** The time between two turns: a verification goes on in it, who logs on is read, and whose date comes is ended. */
  async *#untilNextTurn(session: LdapSession, signal: AbortSignal): AsyncGenerator<CollectedBatch> {
    const { now } = this.#options;
    const until = now() + this.#config.pollSeconds * 1000;
    while (!signal.aborted && this.#sync.isVerifying && now() < until) {
      await this.#sync.verifyOn(signal);
      if (this.#sync.hasLogons) await this.#sync.readLoggedOn(session, signal);
      yield* this.#news(now());
    }
    while (!signal.aborted && now() < until) {
      const expiresAt = this.#sync.nextExpiryAt ?? Number.POSITIVE_INFINITY;
      // Somebody may have logged on during the turn: then there is nothing to wait for.
      if (!this.#sync.hasLogons)
        await this.#pause(Math.min(until, Math.max(expiresAt, now() + EXPIRY_LOOK_MS_MIN)) - now(), signal);
      if (signal.aborted) return;
      if (this.#sync.hasLogons) {
        await this.#sleep(LOGONS_GATHER_MS, signal);
        while (this.#sync.hasLogons && !signal.aborted) await this.#sync.readLoggedOn(session, signal);
      } else if (now() < expiresAt) return;
      this.#sync.endExpired();
      yield* this.#news(now());
    }
  }

  /** What the book has to tell by now. `isTurn`: also that there is nothing, as a sign of life. */
  *#news(asOf: number, isTurn = false): Generator<CollectedBatch> {
    let batch: PrincipalFacts[] = [];
    let told = 0;
    for (const facts of this.book.changedFacts(asOf)) {
      batch.push(facts);
      told += 1;
      if (batch.length < FACTS_PER_BATCH) continue;
      yield this.#toBatch(batch);
      batch = [];
    }
    this.#changed += told;
    if (isTurn) this.isTold = true;
    if (batch.length > 0 || (isTurn && told === 0)) yield this.#toBatch(batch);
  }

  async *#turn(session: LdapSession, signal: AbortSignal): AsyncGenerator<CollectedBatch> {
    const { now, log } = this.#options;
    const started = now();
    const fullReads = this.#sync.counts.fullReads;
    await this.#sync.step(session, signal);
    this.#succeed(started, now());
    if (this.#sync.counts.fullReads > fullReads) {
      const { users, devices, groups } = this.book.graph.size;
      log.info(
        { directoryId: this.id, users, devices, groups, elapsedMs: this.#lastReadMs },
        "directory read",
      );
    }
    yield* this.#news(started, true);
  }

  #toBatch(facts: readonly PrincipalFacts[]): CollectedBatch {
    return { observations: [], facts, rejected: [], bookmark: null };
  }

  #succeed(started: number, finished: number): void {
    if (this.#fault !== null) this.#options.log.info({ directoryId: this.id }, "directory answers again");
    if (this.#fault !== null || this.#goodSince === null) this.#goodSince = finished;
    this.#fault = null;
    this.#failures = 0;
    this.#lastReadAt = finished;
    this.#lastReadMs = finished - started;
  }

  async #waitAfter(fault: DirectoryFault, signal: AbortSignal): Promise<void> {
    const { now, log, random = Math.random } = this.#options;
    if (this.#fault === null) this.#faultSince = now();
    this.#fault = fault;
    this.#failures += 1;
    if (fault.code === "credentials-refused") this.#refusedBinds += 1;
    const wait = retryDelay(fault.code, this.#failures, random);
    log.warn(
      {
        directoryId: this.id,
        code: fault.code,
        reason: fault.message,
        remedy: fault.remedy,
        attempt: this.#failures,
        ...(wait.kind === "after" ? { delayMs: wait.ms } : {}),
      },
      wait.kind === "hold" ? "directory not read until its login may be used" : "directory not read",
    );
    await this.#pause(wait.kind === "hold" ? null : wait.ms, signal);
  }

  /** Waits, or until `refresh`; null: until the login may be used. */
  async #pause(ms: number | null, signal: AbortSignal): Promise<void> {
    // Asked for during the turn: the next one begins at once.
    if (this.#isHurried) {
      this.#isHurried = false;
      return;
    }
    this.#wake = new AbortController();
    const either = AbortSignal.any([signal, this.#wake.signal]);
    if (ms === null) await this.#options.login.untilUsable(either);
    else await this.#sleep(ms, either);
    this.#isHurried = false;
  }
}

async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  // An abort ends the wait; who waits asks the signal what to do next.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
