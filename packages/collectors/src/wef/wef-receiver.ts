import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { SiteKnowledge } from "@rollcall/event-rules";
import type { Logger } from "@rollcall/observability";
import type { CheckResult, CollectedBatch, CollectOptions, Collector, SourceHealth } from "../collector.ts";
import { EventCounters } from "../event-log/event-counters.ts";
import { EventJudge } from "../event-log/event-judge.ts";
import { TokenBucket } from "../syslog/token-bucket.ts";
import { ComputerList, type HeardComputer } from "./computer-list.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import {
  defaultListenerLimits,
  HttpsListener,
  type ListenError,
  type ListenerLimits,
  type ServerIdentity,
} from "./https-listener.ts";
import { senderNames } from "./sender-names.ts";
import { type Subscription, subscriptionOf } from "./subscription.ts";
import { uuidOf } from "./uuid.ts";
import type { WefConfig } from "./wef-config.ts";
import { WefEngine } from "./wef-engine.ts";
import { wefChecks, wefHealth } from "./wef-health.ts";

export interface WefReceiverOptions {
  readonly config: WefConfig;
  /** Address to listen at; null: all of this machine. */
  readonly listenHost: string | null;
  /** The certificate that computers see, for the configured name; asked at each opening and now and then. */
  readonly identity: () => Promise<ServerIdentity>;
  readonly site: SiteKnowledge;
  /** What was kept of a computer, by the key of its mark. */
  readonly markOf: (key: string) => string | null;
  readonly now: () => number;
  readonly log: Logger;
  readonly limits?: Partial<ListenerLimits & ReceiverLimits>;
}

export interface ReceiverLimits {
  /** Messages and observations that wait for the commit. Full: computers are asked to come again. */
  readonly waiting: number;
  readonly batchMessages: number;
  readonly messagesPerSecond: number;
  readonly commitWaitMs: number;
}

const defaultReceiverLimits: ReceiverLimits = {
  waiting: 20_000,
  batchMessages: 500,
  messagesPerSecond: 50,
  commitWaitMs: 25_000,
};

export interface WefReceiver extends Collector {
  readonly kind: "wef";
  readonly subscription: Subscription;
  /** Where it listens; null where it does not. */
  readonly address: { readonly host: string; readonly port: number } | null;
  /** Why it does not listen; null where it does, or was not asked to. */
  readonly fault: string | null;
  /** Resolves once the port is free again, after the collecting has ended. */
  closed(): Promise<void>;
  /** Last heard first, at most `limit`. */
  computers(limit: number): readonly HeardComputer[];
  /** What to look at when no events come. */
  check(): readonly CheckResult[];
}

const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 60_000;
const IDENTITY_LOOK_MS = 60 * 60_000;
/** Buckets of computers that are kept; a forgotten one begins full. */
const MAX_BUCKETS = 20_000;

/**
 * A collector of Windows Event Forwarding: computers of the site send what they wrote, over HTTPS with a certificate.
 *
 * It listens while it is collected. See `WefEngine` for what it promises, `ListenerLimits` and `ReceiverLimits` for its bounds.
 */
export function createWefReceiver(options: WefReceiverOptions): WefReceiver {
  return new Receiver(options);
}

class Receiver implements WefReceiver {
  readonly kind = "wef";
  readonly id: string;
  readonly subscription: Subscription;
  readonly #options: WefReceiverOptions;
  readonly #limits: ListenerLimits & ReceiverLimits;
  readonly #counters = new EventCounters();
  readonly #computers: ComputerList;
  readonly #queue: DeliveryQueue;
  readonly #engine: WefEngine;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #startedAt: number;
  #listener: HttpsListener | null = null;
  #listening: Promise<void> = Promise.resolve();
  #identity: ServerIdentity | null = null;
  #fault: ListenError | Error | null = null;
  #since: number;

  constructor(options: WefReceiverOptions) {
    const { config, site, now, log } = options;
    this.#options = options;
    this.id = config.id;
    this.subscription = subscriptionOf(config);
    this.#limits = { ...defaultListenerLimits, ...defaultReceiverLimits, ...options.limits };
    this.#startedAt = now();
    this.#since = this.#startedAt;
    this.#computers = new ComputerList((name) => options.markOf(name));
    this.#queue = new DeliveryQueue(this.#limits.waiting);
    for (const name of ["messages", "heartbeats", "forged", "refusedSenders", "refusedMessages"])
      this.#counters.set(name, 0);
    this.#engine = new WefEngine({
      subscription: this.subscription,
      judge: new EventJudge({
        source: {
          id: config.id,
          kind: "wef",
          addressSpaceId: config.addressSpaceId,
          lifetimeMs: config.lifetimeMinutes * 60_000,
          label: config.name,
        },
        rulesOff: config.rulesOff,
        rulesOn: config.rulesOn,
        site,
        counters: this.#counters,
      }),
      counters: this.#counters,
      computers: this.#computers,
      queue: this.#queue,
      knownPlaces: (computer, at) => site.addressesOf(computer, at),
      now,
      newId: () => uuidOf(randomBytes(16)),
      log,
      commitWaitMs: this.#limits.commitWaitMs,
    });
  }

  get address(): WefReceiver["address"] {
    return this.#listener?.address ?? null;
  }

  get fault(): string | null {
    return this.#fault?.message ?? null;
  }

  closed(): Promise<void> {
    return this.#listening;
  }

  computers(limit: number): readonly HeardComputer[] {
    return this.#computers.list(limit);
  }

  health(): readonly SourceHealth[] {
    return [wefHealth(this.#view())];
  }

  check(): readonly CheckResult[] {
    return wefChecks(this.#view());
  }

  async *collect({ signal }: CollectOptions): AsyncGenerator<CollectedBatch> {
    // Whoever collected before may not have let go of the port yet.
    await this.#listening;
    this.#queue.restore();
    const stop = new AbortController();
    const ends = AbortSignal.any([signal, stop.signal]);
    this.#listening = this.#listen(ends);
    try {
      while (!signal.aborted) {
        await this.#queue.waitForOne(signal);
        const deliveries = this.#queue.take(this.#limits.batchMessages);
        if (deliveries.length === 0) continue;
        yield {
          observations: deliveries.flatMap((delivery) => delivery.observations),
          facts: [],
          rejected: [],
          bookmark: null,
          marks: deliveries.map((delivery) => delivery.mark),
          ack: () => this.#queue.acknowledge(deliveries),
        };
      }
    } finally {
      stop.abort();
      await this.#listening;
    }
  }

  /** Listens until the signal; a port that cannot be had is tried again. Never rejects. */
  async #listen(signal: AbortSignal): Promise<void> {
    let waitMs = RETRY_MS_MIN;
    while (!signal.aborted) {
      try {
        await this.#listenOnce(signal);
        waitMs = RETRY_MS_MIN;
      } catch (error) {
        const fault = error instanceof Error ? error : new Error(String(error));
        if (this.#fault?.message !== fault.message)
          this.#options.log.error({ sourceId: this.id, err: fault }, "event forwarding is not received");
        if (this.#fault === null) this.#since = this.#options.now();
        this.#fault = fault;
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
        waitMs = Math.min(RETRY_MS_MAX, waitMs * 2);
      }
    }
  }

  async #listenOnce(signal: AbortSignal): Promise<void> {
    const { config, listenHost, log, now } = this.#options;
    const identity = await this.#options.identity();
    const listener = new HttpsListener({
      host: listenHost,
      port: config.port,
      identity,
      clientCaPem: config.clientCaPem,
      limits: this.#limits,
      log,
      count: (name) => this.#counters.add(name),
      namesOf: (certificate) => {
        const found = senderNames(certificate, config.allow, now());
        if (found.kind === "named") return found.names;
        this.#counters.add("refusedSenders");
        this.#counters.add(`refusedSenders.${found.reason}`);
        return null;
      },
      mayPass: (name) => this.#bucketOf(name).take(now()),
      handle: (request) => this.#engine.handle(request),
    });
    await listener.open();
    this.#listener = listener;
    this.#identity = identity;
    this.#fault = null;
    this.#since = now();
    log.info({ sourceId: this.id, port: listener.address?.port }, "event forwarding listener open");
    try {
      while (!signal.aborted) {
        await sleep(IDENTITY_LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
        if (signal.aborted) break;
        const next = await this.#options.identity();
        if (next.certificatePem === this.#identity.certificatePem) continue;
        listener.setIdentity(next);
        this.#identity = next;
      }
    } finally {
      this.#listener = null;
      await listener.close();
    }
  }

  #bucketOf(name: string): TokenBucket {
    const known = this.#buckets.get(name);
    if (known !== undefined) return known;
    if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.clear();
    const bucket = new TokenBucket(this.#limits.messagesPerSecond, this.#options.now());
    this.#buckets.set(name, bucket);
    return bucket;
  }

  #view(): Parameters<typeof wefHealth>[0] {
    return {
      config: this.#options.config,
      now: this.#options.now(),
      startedAt: this.#startedAt,
      since: this.#since,
      address: this.address,
      fault: this.fault,
      certificatePem: this.#identity?.certificatePem ?? null,
      counters: this.#counters,
      computers: this.#computers,
      connections: this.#listener?.connections ?? 0,
      waiting: this.#queue.length,
    };
  }
}
