import { createIpSet, type IpAddress, type IpSet, type Observation, parseIp } from "@rollcall/identity-core";
import {
  compileSequences,
  type Matched,
  type MatchResult,
  type RuleSet,
  ruleText,
} from "@rollcall/syslog-rules";
import { CorrelatorMemory } from "./correlator-memory.ts";
import { parseHeader } from "./header.ts";
import { eventTime, openZone, type Zone } from "./message-time.ts";
import { observationsOf } from "./observations-of-line.ts";
import { recordIdOf } from "./record-id.ts";
import type { SyslogSourceConfig, SyslogTransport } from "./source-config.ts";
import { SourceCounters } from "./source-counters.ts";
import { TokenBucket } from "./token-bucket.ts";

const MAX_CORRELATORS = 50_000;

export interface ReceivedLine {
  readonly bytes: Uint8Array;
  /** The bytes as text. */
  readonly text: string;
  readonly sender: IpAddress;
  readonly receivedAt: number;
}

/** What one line became. `note`: why a matched line yields nothing, for the person who looks at it. */
export interface LineOutcome {
  readonly result: MatchResult;
  readonly observations: readonly Observation[];
  readonly note: string | null;
}

/** Far above what the longest line costs the largest allowed expressions; a garbage collection must fit too. */
const LINE_BUDGET_MS = 500;

/** One source with its compiled rules, its counters and the little it remembers. */
export class SyslogSource {
  readonly config: SyslogSourceConfig;
  readonly counters: SourceCounters;
  /** Why the rules cannot be used; null when they can. */
  readonly fault: string | null;
  readonly #rules: RuleSet | null;
  readonly #senders: IpSet;
  readonly #speaksFor: IpSet;
  readonly #zone: Zone | null;
  readonly #bucket: TokenBucket;
  readonly #correlators = new CorrelatorMemory(MAX_CORRELATORS);
  readonly #startedAt: number;

  constructor(config: SyslogSourceConfig, startedAt: number, clock: () => number) {
    this.config = config;
    this.#startedAt = startedAt;
    this.counters = new SourceCounters(startedAt);
    this.#senders = createIpSet(config.senders);
    this.#speaksFor = createIpSet(config.speaksFor);
    this.#zone = config.timeZone === undefined ? null : openZone(config.timeZone);
    this.#bucket = new TokenBucket(config.maxLinesPerSecond, startedAt);
    const outcome = compileSequences(config.sequences, { clock, lineBudgetMs: LINE_BUDGET_MS });
    this.#rules = outcome.kind === "compiled" ? outcome.rules : null;
    this.fault = outcome.kind === "compiled" ? null : describeProblem(outcome.problems[0]);
  }

  accepts(sender: IpAddress, transport: SyslogTransport): boolean {
    return (
      (this.config.transport === "any" || this.config.transport === transport) && this.#senders.has(sender)
    );
  }

  /** False when this source has sent its share of the second. */
  mayPass(now: number): boolean {
    return this.#bucket.take(now);
  }

  /**
   * Reads one line with this source's rules. Counts nothing: of several sources that list a sender, only the one
   * that the line turns out to belong to counts it.
   */
  match(text: string, sender: IpAddress): MatchResult {
    if (this.#rules === null) return { kind: "not-matched", text: ruleText(text) };
    return this.#rules.match(text, { senderIp: sender });
  }

  /** Makes the observations of a line that belongs to this source, and counts it. */
  read(line: ReceivedLine, result: MatchResult): LineOutcome {
    this.counters.received(line.receivedAt);
    switch (result.kind) {
      case "not-matched":
        this.counters.add("unmatched");
        return { result, observations: [], note: null };
      case "refused":
        this.counters.refuse(result.reason);
        return { result, observations: [], note: null };
      case "matched":
        return this.#observe(line, result);
    }
  }

  #observe(line: ReceivedLine, matched: Matched): LineOutcome {
    const leaveOut = (reason: string, note: string): LineOutcome => {
      this.counters.refuse(reason);
      return { result: matched, observations: [], note };
    };
    const { receivedAt } = line;
    const eventAt = eventTime(parseHeader(line.text).time, this.#zone, receivedAt);
    const { startingTimeMinutes } = this.#sequence(matched);
    if (startingTimeMinutes > 0 && eventAt !== null) {
      const oldest = this.#startedAt - startingTimeMinutes * 60_000;
      if (eventAt < oldest)
        return leaveOut("before-starting-time", "older than the starting time of its sequence");
    }
    const ip = this.#addressOf(matched);
    if (ip === null)
      return leaveOut("session-not-known", "an end of a session whose begin was not seen here");
    const isInside = this.#speaksFor.has(ip);
    if (matched.verb === "end" && !isInside) {
      return leaveOut("end-outside", "an end outside the addresses that this source speaks for");
    }
    if (matched.verb === "begin" && matched.correlator !== null)
      this.#correlators.remember(matched.correlator, ip);
    if (eventAt !== null && eventAt > receivedAt + 5000) this.counters.add("clockAhead");
    if (!isInside) this.counters.add("outsideSpeaksFor");

    const recordId = recordIdOf(this.config.id, line.sender, line.bytes, eventAt, receivedAt);
    const observations = observationsOf(matched, this.config, {
      recordId,
      ip,
      eventAt,
      receivedAt,
      isInside,
    });
    this.counters.add("matched");
    this.counters.add("observations", observations.length);
    const note = isInside ? null : "outside the addresses that this source speaks for: it opens no session";
    return { result: matched, observations, note };
  }

  #addressOf(matched: Matched): IpAddress | null {
    if (matched.ip !== null) return parseIp(matched.ip);
    if (matched.correlator === null) return null;
    const remembered = this.#correlators.addressOf(matched.correlator);
    return remembered === null ? null : parseIp(remembered);
  }

  #sequence(matched: Matched): { readonly startingTimeMinutes: number } {
    const sequence = this.config.sequences.find(({ id }) => id === matched.sequenceId);
    return sequence ?? { startingTimeMinutes: 0 };
  }
}

function describeProblem(
  problem:
    | {
        readonly sequenceId: string;
        readonly field: string;
        readonly position: number;
        readonly message: string;
      }
    | undefined,
): string {
  if (problem === undefined) return "its sequences cannot be used";
  return `sequence "${problem.sequenceId}", ${problem.field}, position ${problem.position + 1}: ${problem.message}`;
}
