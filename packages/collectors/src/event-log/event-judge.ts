import {
  findRule,
  type JudgeContext,
  type Judgement,
  judge,
  OtherAccounts,
  type RuleSwitches,
  type SiteKnowledge,
  switchesOf,
  TicketRate,
  type WindowsEvent,
} from "@rollcall/event-rules";
import type { Observation } from "@rollcall/identity-core";
import type { EventCounters } from "./event-counters.ts";
import { type WaitingEvent, WaitingEvents } from "./waiting-events.ts";

export interface EventJudgeOptions {
  readonly source: JudgeContext["source"];
  readonly rulesOff: readonly string[];
  readonly rulesOn: readonly string[];
  readonly site: SiteKnowledge;
  readonly counters: EventCounters;
}

/** What holds for all events of one arrival. */
export type Arrival = Pick<
  JudgeContext,
  "receivedAt" | "clockOffsetMs" | "cap" | "speaker" | "seesDevice"
> & {
  /** What is known of addresses, where the arrival itself shows it (WEF: the connection). */
  readonly addressesOf?: SiteKnowledge["addressesOf"];
  readonly everywhereOf?: SiteKnowledge["everywhereOf"];
  /** False: nobody asks again what became of it (WEF: it is acknowledged at once), so an event counts now or not at all. */
  readonly mayWait?: boolean;
};

/**
 * The rules of one source with the little they remember, counting what becomes of each event.
 *
 * An event of a computer that is at no known address waits a little: `again` judges those that wait.
 */
export class EventJudge {
  readonly rules: RuleSwitches;
  readonly #options: EventJudgeOptions;
  readonly #rate = new TicketRate();
  readonly #otherAccounts = new OtherAccounts();
  readonly #waiting = new WaitingEvents();

  constructor(options: EventJudgeOptions) {
    this.#options = options;
    this.rules = switchesOf(options.rulesOff, options.rulesOn);
  }

  /** Gives how to judge what came together: made once for each arrival. */
  open(arrival: Arrival): (event: WindowsEvent) => readonly Observation[] {
    const { counters } = this.#options;
    const context = this.#contextOf(arrival);
    return (event) => {
      counters.eventAt(event.time);
      const judgement = judge(event, context);
      if (arrival.mayWait === false || !isOfComputerSomewhere(judgement)) return this.#count(judgement);
      const crowdedOut = this.#waiting.add({ event, receivedAt: arrival.receivedAt });
      if (crowdedOut !== null) this.#giveUp(crowdedOut, arrival);
      return [];
    };
  }

  /** Judges events again whose computer was not known; those that have waited long enough are counted as that. */
  again(arrival: Arrival): readonly Observation[] {
    const now = arrival.receivedAt;
    return this.#waiting.take(now).flatMap((waiting) => {
      const { event, receivedAt } = waiting;
      const judgement = judge(event, this.#contextOf({ ...arrival, receivedAt }));
      if (!isOfComputerSomewhere(judgement) || this.#waiting.isOver(waiting, now))
        return this.#count(judgement);
      this.#waiting.add(waiting);
      return [];
    });
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  #giveUp({ event, receivedAt }: WaitingEvent, arrival: Arrival): void {
    this.#count(judge(event, this.#contextOf({ ...arrival, receivedAt })));
  }

  #count(judgement: Judgement): readonly Observation[] {
    const { counters } = this.#options;
    if (judgement.kind === "none") {
      counters.ignored(judgement.rule, judgement.reason);
      return [];
    }
    counters.made(judgement.rule, judgement.observations);
    return judgement.observations;
  }

  #contextOf({ addressesOf, everywhereOf, mayWait: _, ...arrival }: Arrival): JudgeContext {
    const { source, site } = this.#options;
    return {
      source,
      rules: this.rules,
      site:
        addressesOf === undefined
          ? site
          : {
              ...(everywhereOf === undefined ? {} : { everywhereOf }),
              isInfrastructure: (ip) => site.isInfrastructure(ip),
              isController: (computer) => site.isController(computer),
              hasDevice: (ip, at) => site.hasDevice(ip, at),
              principalOf: (sid) => site.principalOf(sid),
              addressesOf,
            },
      rate: this.#rate,
      otherAccounts: this.#otherAccounts,
      ...arrival,
    };
  }
}

/** Whether all that is missing is where the computer is that wrote the event. */
function isOfComputerSomewhere(judgement: Judgement): boolean {
  return (
    judgement.kind === "none" &&
    judgement.reason === "computer-at-no-known-address" &&
    judgement.rule !== null &&
    findRule(judgement.rule)?.address.from === "writer"
  );
}
