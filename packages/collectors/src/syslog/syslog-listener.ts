import type { IpAddress } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { CollectedBatch, CollectOptions, Collector, SourceHealth } from "../collector.ts";
import { LineQueue, type QueuedLine } from "./line-queue.ts";
import type { TailLine, TailOptions } from "./line-tail.ts";
import type { SyslogSourceConfig } from "./source-config.ts";
import { type RefusedLine, SourceRouter } from "./source-router.ts";
import type { LineVerdict } from "./tcp-connection.ts";
import { TcpIntake } from "./tcp-intake.ts";
import { UdpIntake } from "./udp-intake.ts";
import type { UnknownSender } from "./unknown-senders.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface SyslogLimits {
  /** The longest message; a longer one is counted and refused. */
  readonly maxMessageBytes: number;
  /** Matched lines that wait for the reader. Full: datagrams are dropped and counted, connections wait. */
  readonly queuedLines: number;
  /** Lines of one connection that are handed over and not yet acknowledged. */
  readonly unacknowledgedPerConnection: number;
  readonly connections: number;
  readonly connectionsPerSender: number;
  readonly batchLines: number;
}

export const defaultSyslogLimits: SyslogLimits = {
  maxMessageBytes: 8192,
  queuedLines: 20_000,
  unacknowledgedPerConnection: 1000,
  connections: 256,
  connectionsPerSender: 32,
  batchLines: 500,
};

export interface SyslogListenerOptions {
  readonly udp: ListenAddress | null;
  readonly tcp: ListenAddress | null;
  readonly sources: readonly SyslogSourceConfig[];
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Logger;
  readonly limits?: Partial<SyslogLimits>;
  /** Told of each line that names an address and could not be used. */
  readonly onRefused?: (line: RefusedLine) => void;
}

export interface TailRequest extends TailOptions {
  /** How long to wait for more; 0 or absent: not at all. */
  readonly seconds?: number;
  readonly signal?: AbortSignal;
}

export interface SyslogListener extends Collector {
  readonly kind: "syslog";
  /** Opens the sockets. Throws `SyslogListenError` with a sentence for a person; nothing stays open then. */
  start(): Promise<void>;
  /** Closes the sockets. What was received and not acknowledged is still handed out by `collect`. May be called twice. */
  stop(): Promise<void>;
  /** Where it listens; null where it does not. */
  readonly addresses: { readonly udp: ListenAddress | null; readonly tcp: ListenAddress | null };
  /** Takes over another list of sources. One that did not change keeps its counters and what it remembers. */
  setSources(sources: readonly SyslogSourceConfig[]): void;
  /** The newest lines with what became of them; waits up to `seconds` for more where there are fewer than asked. */
  tail(options: TailRequest): Promise<readonly TailLine[]>;
  unknownSenders(): readonly UnknownSender[];
  /** Counts of the listener itself: unlisted senders' lines, refused connections, waiting lines, datagrams the system lost. */
  readonly counters: Readonly<Record<string, number>>;
}

/** How long a connection waits that sends faster than its source may. */
const RATE_WAIT_MS = 20;

/** Hears syslog over UDP and TCP. See `SyslogListener` for its contract, `SyslogLimits` for its bounds. */
export function createSyslogListener(options: SyslogListenerOptions): SyslogListener {
  return new Listener(options);
}

class Listener implements SyslogListener {
  readonly id = "syslog";
  readonly kind = "syslog";
  readonly #options: SyslogListenerOptions;
  readonly #limits: SyslogLimits;
  readonly #queue: LineQueue;
  readonly #router: SourceRouter;
  readonly #udp: UdpIntake;
  readonly #tcp: TcpIntake;

  constructor(options: SyslogListenerOptions) {
    const { log, now } = options;
    this.#options = options;
    this.#limits = { ...defaultSyslogLimits, ...options.limits };
    this.#queue = new LineQueue(this.#limits.queuedLines);
    this.#router = new SourceRouter(now, log, options.onRefused ?? null);
    this.#router.setSources(options.sources);
    this.#udp = new UdpIntake({ log, onDatagram: (sender, bytes) => this.#onDatagram(sender, bytes) });
    this.#tcp = new TcpIntake({
      log,
      maxFrameBytes: this.#limits.maxMessageBytes,
      maxUnacknowledged: this.#limits.unacknowledgedPerConnection,
      connections: this.#limits.connections,
      connectionsPerSender: this.#limits.connectionsPerSender,
      isListed: (sender) => this.#router.sourcesOf(sender, "tcp").length > 0,
      onLine: (sender, bytes, onRelease) => this.#onLine(sender, bytes, onRelease),
      onTooLong: (sender, count) => this.#onTooLong(sender, count),
      onUnlisted: (sender, sample) => this.#router.unknown.note(sender, "tcp", sample, now()),
    });
  }

  get addresses(): SyslogListener["addresses"] {
    return { udp: this.#udp.address, tcp: this.#tcp.address };
  }

  get counters(): Readonly<Record<string, number>> {
    const lostDatagrams = this.#udp.lost;
    return {
      ...this.#tcp.counters,
      ...(lostDatagrams === null ? {} : { lostDatagrams }),
      unknownSenderLines: this.#router.unknown.lines,
      waitingLines: this.#queue.length,
    };
  }

  async start(): Promise<void> {
    const { udp, tcp, log } = this.#options;
    try {
      if (udp !== null) await this.#udp.open(udp);
      if (tcp !== null) await this.#tcp.open(tcp);
    } catch (error) {
      await this.stop();
      throw error;
    }
    for (const [transport, address] of Object.entries(this.addresses)) {
      if (address !== null)
        log.info({ transport, host: address.host, port: address.port }, "syslog listener open");
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#udp.close(), this.#tcp.close()]);
  }

  setSources(sources: readonly SyslogSourceConfig[]): void {
    this.#router.setSources(sources);
  }

  health(): readonly SourceHealth[] {
    return this.#router.health();
  }

  unknownSenders(): readonly UnknownSender[] {
    return this.#router.unknown.list();
  }

  async tail(options: TailRequest): Promise<readonly TailLine[]> {
    const { tail } = this.#router;
    const seconds = options.seconds ?? 0;
    let lines = tail.last(options);
    if (lines.length >= options.lines || seconds === 0) return lines;
    const timeout = AbortSignal.timeout(seconds * 1000);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    while (!signal.aborted && lines.length < options.lines) {
      await tail.nextLine(signal);
      lines = tail.last(options);
    }
    return lines;
  }

  async *collect({ signal }: CollectOptions): AsyncGenerator<CollectedBatch> {
    this.#queue.restore();
    while (!signal.aborted) {
      await this.#queue.waitForLine(signal);
      const lines = this.#queue.take(this.#limits.batchLines);
      if (lines.length > 0) yield this.#toBatch(lines);
    }
  }

  #toBatch(lines: readonly QueuedLine[]): CollectedBatch {
    return {
      observations: lines.flatMap((line) => line.observations),
      facts: [],
      rejected: this.#router.takeRejected(),
      // The sender keeps its own place: what was not acknowledged is still in its queue, or in ours.
      bookmark: null,
      ack: () => {
        this.#queue.acknowledge(lines);
        this.#tcp.wake();
      },
    };
  }

  #onDatagram(sender: IpAddress, bytes: Uint8Array): void {
    const now = this.#options.now();
    const sources = this.#router.sourcesOf(sender, "udp");
    const [first] = sources;
    if (first === undefined) {
      this.#router.unknown.note(sender, "udp", bytes, now);
      return;
    }
    if (bytes.length > this.#limits.maxMessageBytes) {
      first.counters.received(now);
      first.counters.refuse("too-long");
      return;
    }
    // A datagram cannot wait: what there is no room for is dropped and counted.
    if (!first.mayPass(now) || this.#queue.isFull) {
      first.counters.received(now);
      first.counters.drop(this.#queue.isFull ? "queue-full" : "rate");
      return;
    }
    const observations = this.#router.read(sources, sender, bytes, now);
    if (observations.length > 0) this.#queue.push({ observations, release: null });
  }

  #onLine(sender: IpAddress, bytes: Uint8Array, onRelease: () => void): LineVerdict {
    const now = this.#options.now();
    const sources = this.#router.sourcesOf(sender, "tcp");
    const [first] = sources;
    if (first === undefined) {
      // It was listed when it connected and is no longer.
      this.#router.unknown.note(sender, "tcp", bytes, now);
      return { kind: "done" };
    }
    if (this.#queue.isFull) return { kind: "later", waitMs: null };
    if (!first.mayPass(now)) {
      first.counters.add("slowedDown");
      return { kind: "later", waitMs: RATE_WAIT_MS };
    }
    const observations = this.#router.read(sources, sender, bytes, now);
    if (observations.length === 0) return { kind: "done" };
    this.#queue.push({ observations, release: onRelease });
    return { kind: "held" };
  }

  #onTooLong(sender: IpAddress, count: number): void {
    const counters = this.#router.sourcesOf(sender, "tcp")[0]?.counters;
    for (let index = 0; index < count; index += 1) {
      counters?.received(this.#options.now());
      counters?.refuse("too-long");
    }
  }
}
