import { type EpochMs, type IpAddress, RecentMap } from "@rollcall/identity-core";
import type { AskedComputer } from "./ask-computer.ts";
import { isAnswered, type NotAsked, type ProbeAnswer, type Probed } from "./probe-answer.ts";
import type { ProbeCounters } from "./probe-counters.ts";
import type { ProbeScope } from "./probe-scope.ts";

export const PROBE_MS_MAX = 10_000;
const AGAIN_MS = 5 * 60_000;
const FAILED_AGAIN_MS = 10 * 60_000;
/** A person who asks has mended something: it is tried again sooner, and still not in a loop. */
const PERSON_AGAIN_MS = 10_000;
const WAITING_MAX = 5000;
const REMEMBERED_MAX = 100_000;

export interface ProbeSchedulerOptions {
  readonly scope: () => ProbeScope;
  readonly workers: () => number;
  readonly ask: (ip: IpAddress, signal: AbortSignal) => Promise<AskedComputer>;
  readonly counters: ProbeCounters;
  readonly now: () => EpochMs;
  /** Aborts after so many milliseconds. */
  readonly timeLimit?: (ms: number) => AbortSignal;
}

export interface Wish {
  /** Asked for later than this, nobody wants to know any more. */
  readonly until: EpochMs;
  /** A person asks: what failed a while ago is tried again. */
  readonly isByPerson?: boolean;
}

interface Remembered {
  readonly askedAt: EpochMs;
  readonly isFailure: boolean;
}

interface Waiting {
  readonly ip: IpAddress;
  readonly wish: Wish;
  readonly resolve: (probed: Probed) => void;
}

/**
 * Decides which computers are asked, and when.
 *
 * Holds    when each address was last asked and whether that failed; what waits; how many are asked now.
 * Promises an address is asked at most once in five minutes, after a failure once in ten; never outside its scope; never more
 *          at once than there are workers; each for ten seconds at most. Two who want the same at once get one answer.
 * Does not know how a computer is asked, nor what becomes of the answer.
 */
export class ProbeScheduler {
  readonly #options: ProbeSchedulerOptions;
  readonly #remembered = new RecentMap<IpAddress, Remembered>(REMEMBERED_MAX);
  readonly #underWay = new Map<IpAddress, Promise<Probed>>();
  readonly #waiting: Waiting[] = [];
  readonly #ending = new AbortController();
  #busy = 0;

  constructor(options: ProbeSchedulerOptions) {
    this.#options = options;
  }

  get busy(): number {
    return this.#busy;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Why an address would not be asked now; null where it would. */
  objectionTo(
    ip: IpAddress,
    isByPerson = false,
  ): { readonly why: NotAsked; readonly sentence: string } | null {
    if (this.#ending.signal.aborted) return { why: "off", sentence: "Computers are not asked." };
    return this.#options.scope().objectionTo(ip) ?? this.#tooSoon(ip, isByPerson);
  }

  /** Resolves always; what went wrong is what it gives. */
  ask(ip: IpAddress, wish: Wish): Promise<Probed> {
    const underWay = this.#underWay.get(ip);
    if (underWay !== undefined) return underWay;
    const objection = this.objectionTo(ip, wish.isByPerson === true);
    if (objection !== null) return Promise.resolve(this.#refuse(ip, objection.why, objection.sentence));
    if (this.#waiting.length >= WAITING_MAX)
      return Promise.resolve(this.#refuse(ip, "queue-full", "Too many computers wait to be asked."));
    const probed = new Promise<Probed>((resolve) => this.#waiting.push({ ip, wish, resolve })).finally(() =>
      this.#underWay.delete(ip),
    );
    this.#underWay.set(ip, probed);
    this.#next();
    return probed;
  }

  /** Lets go of everybody who waits; what is under way is aborted. */
  stop(): void {
    this.#ending.abort();
    for (const { ip, resolve } of this.#waiting.splice(0))
      resolve(this.#refuse(ip, "off", "Computers are not asked any more."));
  }

  #next(): void {
    while (this.#busy < this.#options.workers()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.wish.until < this.#options.now()) {
        next.resolve(this.#refuse(next.ip, "too-late", "It had to wait too long for its turn."));
        continue;
      }
      this.#busy += 1;
      void this.#work(next).finally(() => {
        this.#busy -= 1;
        this.#next();
      });
    }
  }

  async #work({ ip, resolve }: Waiting): Promise<void> {
    const { now, counters, timeLimit = AbortSignal.timeout } = this.#options;
    const askedAt = now();
    counters.asked();
    const signal = AbortSignal.any([this.#ending.signal, timeLimit(PROBE_MS_MAX)]);
    const { answer, by } = await this.#askWithin(ip, signal);
    counters.answer(answer);
    this.#remembered.set(ip, { askedAt, isFailure: !isAnswered(answer) });
    resolve({ kind: "asked", ip, askedAt, receivedAt: now(), answer, by });
  }

  /** Ends with the time limit, even where whoever asks does not. */
  async #askWithin(ip: IpAddress, signal: AbortSignal): Promise<AskedComputer> {
    const over = new Promise<AskedComputer>((resolve) => {
      const late: ProbeAnswer = {
        kind: "unreachable",
        sentence: `It did not answer within ${PROBE_MS_MAX / 1000} s.`,
      };
      signal.addEventListener("abort", () => resolve({ answer: late, by: null }), { once: true });
    });
    const asked = this.#options.ask(ip, signal).catch((error: unknown): AskedComputer => {
      const sentence = error instanceof Error ? error.message : String(error);
      return { answer: { kind: "failed", sentence: sentence.slice(0, 500) }, by: null };
    });
    return Promise.race([over, asked]);
  }

  #tooSoon(ip: IpAddress, isByPerson: boolean): { readonly why: NotAsked; readonly sentence: string } | null {
    const last = this.#remembered.get(ip);
    if (last === undefined) return null;
    const agoMs = this.#options.now() - last.askedAt;
    const gapMs = isByPerson ? PERSON_AGAIN_MS : last.isFailure ? FAILED_AGAIN_MS : AGAIN_MS;
    // A clock that was put back must not keep an address from being asked for long.
    if (agoMs < 0 || agoMs >= gapMs) return null;
    return {
      why: last.isFailure ? "failed-recently" : "asked-recently",
      sentence: `It was asked ${Math.round(agoMs / 1000)} s ago${last.isFailure ? " and did not answer" : ""}; it is asked again after ${Math.round(gapMs / 60_000) || "a few seconds, or 5"} min.`,
    };
  }

  #refuse(ip: IpAddress, why: NotAsked, sentence: string): Probed {
    this.#options.counters.notAsked(why);
    return { kind: "not-asked", ip, why, sentence };
  }
}
