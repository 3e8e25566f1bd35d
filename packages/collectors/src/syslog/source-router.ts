import { type IpAddress, type Observation, parseIp } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { Refused } from "@rollcall/syslog-rules";
import type { RejectedRecords, SourceHealth } from "../collector.ts";
import { decodeText } from "./decode-text.ts";
import { LineTail } from "./line-tail.ts";
import type { SyslogSourceConfig, SyslogTransport } from "./source-config.ts";
import { healthOf } from "./source-health.ts";
import { SyslogSource } from "./syslog-source.ts";
import { UnknownSenders } from "./unknown-senders.ts";

const MAX_ROUTES = 10_000;

/** A line that a sequence meant and that could not be used, of an address that it names. Its text is not repeated. */
export interface RefusedLine {
  readonly sourceId: string;
  readonly addressSpaceId: string;
  readonly ip: IpAddress;
  readonly at: number;
  readonly sequenceId: string;
  /** As counted under `refused.<reason>`. */
  readonly reason: string;
}

/**
 * Which source a line belongs to, and what that source makes of it.
 *
 * Holds: the configured sources with their counters, the tail, the unlisted senders. Only `setSources` and `read`
 * change it. It knows no socket.
 */
export class SourceRouter {
  readonly tail = new LineTail();
  readonly unknown = new UnknownSenders();
  readonly #routes = new Map<string, readonly SyslogSource[]>();
  readonly #now: () => number;
  readonly #log: Logger;
  #sources: readonly SyslogSource[] = [];
  #rejectedBefore = new Map<string, number>();
  readonly #onRefused: ((line: RefusedLine) => void) | null;

  constructor(now: () => number, log: Logger, onRefused: ((line: RefusedLine) => void) | null = null) {
    this.#now = now;
    this.#log = log;
    this.#onRefused = onRefused;
  }

  /** Takes over another list. A source that did not change keeps its counters and what it remembers. */
  setSources(configs: readonly SyslogSourceConfig[]): void {
    const before = new Map(this.#sources.map((source) => [source.config.id, source]));
    this.#sources = configs.map((config) => {
      const known = before.get(config.id);
      if (known !== undefined && JSON.stringify(known.config) === JSON.stringify(config)) return known;
      const source = new SyslogSource(config, this.#now(), cpuMs);
      if (source.fault !== null)
        this.#log.warn({ sourceId: config.id, reason: source.fault }, "syslog rules refused");
      return source;
    });
    this.#routes.clear();
    this.tail.forget((id) => configs.some((config) => config.id === id));
    this.unknown.forget((sender, transport) => {
      const ip = parseIp(sender);
      return ip !== null && this.sourcesOf(ip, transport).length > 0;
    });
  }

  /** The sources that list a sender, in the order of the configuration; empty for an unlisted one. */
  sourcesOf(sender: IpAddress, transport: SyslogTransport): readonly SyslogSource[] {
    const key = `${transport} ${sender}`;
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    const found = this.#sources.filter((source) => source.accepts(sender, transport));
    // A flood of forged senders must not fill the memory: only listed ones are worth remembering.
    if (found.length > 0 && this.#routes.size < MAX_ROUTES) this.#routes.set(key, found);
    return found;
  }

  /**
   * Reads a line: of several sources that list its sender it belongs to the first whose rules take it, else to the
   * first that refuses it, else to the first.
   */
  read(
    sources: readonly SyslogSource[],
    sender: IpAddress,
    bytes: Uint8Array,
    receivedAt: number,
  ): readonly Observation[] {
    const [first, ...others] = sources;
    if (first === undefined) return [];
    const { text, isUtf8 } = decodeText(bytes);
    let owner = first;
    let result = first.match(text, sender);
    for (const source of others) {
      if (result.kind === "matched") break;
      const other = source.match(text, sender);
      if (other.kind === "not-matched" || (other.kind === "refused" && result.kind === "refused")) continue;
      owner = source;
      result = other;
    }
    if (!isUtf8) owner.counters.add("notUtf8");
    const outcome = owner.read({ bytes, text, sender, receivedAt }, result);
    if (outcome.result.kind === "refused") this.#tellRefused(owner.config, outcome.result, receivedAt);
    this.tail.add(owner.config.id, receivedAt, sender, outcome.result, outcome.note);
    return outcome.observations;
  }

  #tellRefused(config: SyslogSourceConfig, refused: Refused, at: number): void {
    if (this.#onRefused === null || refused.sequenceId === null) return;
    const written = refused.captures.find(({ attribute }) => attribute === "ip")?.value.trim();
    const ip = written === undefined ? null : parseIp(written);
    if (ip === null) return;
    const { id: sourceId, addressSpaceId } = config;
    this.#onRefused({
      sourceId,
      addressSpaceId,
      ip,
      at,
      sequenceId: refused.sequenceId,
      reason: refused.reason,
    });
  }

  health(): readonly SourceHealth[] {
    return this.#sources.map((source) => healthOf(source, this.#now()));
  }

  /** What yielded nothing since this was last asked, by source and reason. */
  takeRejected(): readonly RejectedRecords[] {
    const rejected: RejectedRecords[] = [];
    const totals = new Map<string, number>();
    for (const source of this.#sources) {
      for (const [reason, total] of Object.entries(source.counters.toJSON())) {
        if (!reason.startsWith("refused.") && !reason.startsWith("dropped.")) continue;
        const key = `${source.config.id} ${reason}`;
        totals.set(key, total);
        const count = total - (this.#rejectedBefore.get(key) ?? 0);
        if (count > 0) rejected.push({ sourceId: source.config.id, reason, count, sample: null });
      }
    }
    this.#rejectedBefore = totals;
    return rejected;
  }
}

/** Time this thread really computed: a line must not be refused because the machine was busy with something else. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
