import type { CheckResult, SourceHealth } from "@rollcall/collectors/collector";
import {
  createWefReceiver,
  type HeardComputer,
  type ServerIdentity,
  type WefReceiver,
} from "@rollcall/collectors/wef";
import type { Part } from "../supervisor/part.ts";
import type { EffectiveSite } from "./effective-site.ts";
import type { EventKnowledge } from "./event-knowledge.ts";
import { markId, type PumpDeps, pump } from "./source-pump.ts";

/** Where computers forward their events to, as a listener among the agent's. */
export interface WefListener {
  readonly address: { readonly host: string; readonly port: number } | null;
  /** The configured port. */
  readonly port: number;
  /** Why it is not open; null where it is, or where it has not been tried yet. */
  readonly fault: string | null;
}

export interface WefSourceOptions extends PumpDeps {
  readonly knowledge: EventKnowledge;
  /** The certificate that computers see, for that name. */
  readonly identityFor: (host: string) => Promise<ServerIdentity>;
}

/** The receiver of event forwarding, where the configuration asks for one: it listens while it is read. */
export interface WefSource {
  change(next: EffectiveSite): Promise<void>;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  health(): readonly SourceHealth[];
  /** Null where there is none of that id. */
  test(id: string): readonly CheckResult[] | null;
  /** Null where none is configured. */
  readonly listener: WefListener | null;
  /** Who forwards, last heard first, at most `limit`. */
  computers(limit: number): readonly HeardComputer[];
}

interface Running {
  readonly fingerprint: string;
  readonly port: number;
  readonly receiver: WefReceiver;
  readonly part: Part;
}

export function createWefSource(options: WefSourceOptions): WefSource {
  const { keeper, knowledge, clock, log } = options;
  let running: Running | null = null;
  let isStarted = false;

  return {
    async change(next) {
      const config = next.site.wefReceiver;
      const fingerprint = JSON.stringify(config);
      if (running?.fingerprint === fingerprint) return;
      await running?.part.stop();
      // The next one may want the same port.
      await running?.receiver.closed();
      running = null;
      if (config === null) return;
      const receiver = createWefReceiver({
        config,
        listenHost: null,
        identity: () => options.identityFor(config.host),
        site: knowledge.of(config.addressSpaceId),
        // Asked each time: the store may be another after a fault.
        markOf: (key) => keeper.store.bookmarkOf(markId(config.id, key)),
        now: clock.now,
        log,
      });
      running = { fingerprint, port: config.port, receiver, part: pump(receiver, options) };
      if (isStarted) await running.part.start(new AbortController().signal);
    },
    async start(signal) {
      isStarted = true;
      await running?.part.start(signal);
    },
    async stop() {
      isStarted = false;
      await running?.part.stop();
      await running?.receiver.closed();
    },
    health: () => running?.receiver.health() ?? [],
    test: (id) => (running?.receiver.id === id ? running.receiver.check() : null),
    get listener() {
      return running === null
        ? null
        : { address: running.receiver.address, port: running.port, fault: running.receiver.fault };
    },
    computers: (limit) => running?.receiver.computers(limit) ?? [],
  };
}
