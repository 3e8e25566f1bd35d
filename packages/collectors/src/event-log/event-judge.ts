import {
  type JudgeContext,
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
};

/** The rules of one source with the little they remember, counting what becomes of each event. */
export class EventJudge {
  readonly rules: RuleSwitches;
  readonly #options: EventJudgeOptions;
  readonly #rate = new TicketRate();
  readonly #otherAccounts = new OtherAccounts();

  constructor(options: EventJudgeOptions) {
    this.#options = options;
    this.rules = switchesOf(options.rulesOff, options.rulesOn);
  }

  /** Gives how to judge what came together: made once for each arrival. */
  open(arrival: Arrival): (event: WindowsEvent) => readonly Observation[] {
    const { source, site, counters } = this.#options;
    const { addressesOf, ...rest } = arrival;
    const context: JudgeContext = {
      source,
      rules: this.rules,
      site:
        addressesOf === undefined
          ? site
          : {
              isInfrastructure: (ip) => site.isInfrastructure(ip),
              isController: (computer) => site.isController(computer),
              hasDevice: (ip, at) => site.hasDevice(ip, at),
              principalOf: (sid) => site.principalOf(sid),
              addressesOf,
            },
      rate: this.#rate,
      otherAccounts: this.#otherAccounts,
      ...rest,
    };
    return (event) => {
      counters.eventAt(event.time);
      const judgement = judge(event, context);
      if (judgement.kind === "none") {
        counters.ignored(judgement.rule, judgement.reason);
        return [];
      }
      counters.made(judgement.rule, judgement.observations);
      return judgement.observations;
    };
  }
}
