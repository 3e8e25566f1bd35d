import type { PcProbeConfig } from "@rollcall/agent-protocol";
import {
  type EndingSession,
  endingSession,
  HOLDS_MAX,
  holdObservation,
  isAnswered,
  type ProbeCounters,
  type Probed,
  unverifiedEnd,
  VERIFYING_MS,
  verifyingObservation,
} from "@rollcall/collectors/pc-probe";
import { type Entry, evaluateKey, type IpAddress, type Observation } from "@rollcall/identity-core";
import type { TableKeeper } from "../pipeline/table-keeper.ts";

/** A session is looked at so long before its end: what keeps it must be durable by then. */
const AHEAD_MS = 10_000;
/** More at once than could be asked in a minute end as they would without a probe. */
const VERIFYING_MAX = 2000;

export interface ExpiryVerifierOptions {
  readonly keeper: TableKeeper;
  readonly now: () => number;
  readonly counters: ProbeCounters;
  /** Null: nobody is asked. */
  readonly config: () => Pick<PcProbeConfig, "addressSpaceId" | "holdIfAlive"> | null;
  /** Why an address would not be asked; null where it would. */
  readonly objectionTo: (ip: IpAddress) => string | null;
  readonly ask: (ip: IpAddress, until: number) => Promise<Probed>;
  /** Makes durable what follows from an answer. */
  readonly take: (probed: Probed) => Promise<void>;
  readonly submit: (observations: readonly Observation[]) => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

/**
 * Sees to it that a session whose time is over ends only after its computer was asked.
 *
 * Holds    which sessions are being verified, and of which it was noticed that they cannot be.
 * Promises a session is served for a minute beyond its time at most, and not a moment where it cannot be asked; whatever comes
 *          of it is an observation, so that the cloud and every other agent see the same.
 * Source:  semantics 6; docs/adr/0026-verification-as-observations.md.
 */
export class ExpiryVerifier {
  readonly #options: ExpiryVerifierOptions;
  readonly #underWay = new Set<string>();
  /** Ends at which a session was passed over: said once. */
  #passedOver = new Map<string, number>();

  constructor(options: ExpiryVerifierOptions) {
    this.#options = options;
  }

  get verifying(): number {
    return this.#underWay.size;
  }

  /** Begins to verify what ends soon. Nothing is waited for. */
  look(): void {
    const { keeper, now, config, onFault } = this.#options;
    const wanted = config();
    if (wanted === null) return;
    const passedOver = new Map<string, number>();
    for (const entry of [...keeper.table.endingBy(now() + AHEAD_MS)]) {
      if (entry.addressSpaceId !== wanted.addressSpaceId || this.#underWay.has(entry.ip)) continue;
      const session = this.#sessionOf(entry);
      if (session === null || session.isVerifying || session.expiresAt <= now()) continue;
      const objection =
        this.#underWay.size >= VERIFYING_MAX ? "too-many" : this.#options.objectionTo(entry.ip);
      if (objection !== null) {
        passedOver.set(entry.ip, session.expiresAt);
        if (this.#passedOver.get(entry.ip) !== session.expiresAt)
          this.#options.counters.count("verified.notAsked");
        continue;
      }
      this.#underWay.add(entry.ip);
      this.#verify(session)
        .catch(onFault)
        .finally(() => this.#underWay.delete(entry.ip));
    }
    this.#passedOver = passedOver;
  }

  async #verify(session: EndingSession): Promise<void> {
    const { now, ask, take, submit, counters } = this.#options;
    await submit([verifyingObservation(session, now())]);
    const probed = await ask(session.ip, session.expiresAt + VERIFYING_MS);
    if (probed.kind === "asked" && isAnswered(probed.answer)) {
      counters.count(`verified.${probed.answer.kind}`);
      await take(probed);
      return;
    }
    if (this.#mayHold(session)) {
      counters.count("verified.held");
      await submit([holdObservation(session, now())]);
      return;
    }
    const why = probed.kind === "asked" ? probed.answer.kind : "not-asked";
    counters.count(`verified.${why}`);
    await submit([unverifiedEnd(session, why, now())]);
  }

  #sessionOf(entry: Entry): EndingSession | null {
    const { table } = this.#options.keeper;
    const state = table.stateOf(entry.addressSpaceId, entry.ip);
    return state === null ? null : endingSession(entry, state, (name) => table.principals.resolve(name));
  }

  /** Whether the computer was seen there since its user was: by its own logon, or a lease. A firewall's question is no sign. */
  #mayHold({ addressSpaceId, ip, claim, holds }: EndingSession): boolean {
    const { keeper, now, config } = this.#options;
    if (config()?.holdIfAlive !== true || holds >= HOLDS_MAX) return false;
    const state = keeper.table.stateOf(addressSpaceId, ip);
    if (state === null) return false;
    const { device } = evaluateKey(state, keeper.table.principals, now());
    return device.kind === "owned" && device.lastSeenAt > claim.at;
  }
}
