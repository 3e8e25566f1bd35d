import type { EventSourceConfig } from "@rollcall/agent-protocol";
import type { CheckResult, SourceHealth } from "@rollcall/collectors/collector";
import {
  askClockOffset,
  createEventLogReader,
  type EventLogReader,
  type EventLogReaderOptions,
} from "@rollcall/collectors/event-log";
import type { LoginPort } from "@rollcall/collectors/login-port";
import type { Part } from "../supervisor/part.ts";
import type { EffectiveSite } from "./effective-site.ts";
import type { EventKnowledge } from "./event-knowledge.ts";
import { type PumpDeps, pump } from "./source-pump.ts";

/** The wire below a reader: how to reach a server, and how to read its records. */
export type EventLogWire = Pick<EventLogReaderOptions, "port" | "decode" | "test"> &
  Partial<Pick<EventLogReaderOptions, "askClockOffset">>;

export interface EventLogSourcesOptions extends PumpDeps {
  readonly knowledge: EventKnowledge;
  readonly login: (credentialId: string) => LoginPort;
  readonly wireOf: (config: EventSourceConfig, login: LoginPort) => EventLogWire;
}

/** The Windows event logs of a site: those that a change of the configuration does not touch are read on meanwhile. */
export interface EventLogSources {
  change(next: EffectiveSite): Promise<void>;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  health(): readonly SourceHealth[];
  /** Null where there is no such source. */
  test(id: string, signal: AbortSignal): Promise<readonly CheckResult[] | null>;
}

interface Running {
  readonly fingerprint: string;
  readonly config: EventSourceConfig;
  /** Null where it is switched off. */
  readonly reader: EventLogReader | null;
  readonly part: Part | null;
}

export function createEventLogSources(options: EventLogSourcesOptions): EventLogSources {
  const { clock, knowledge } = options;
  const running = new Map<string, Running>();
  let isStarted = false;

  const begin = (config: EventSourceConfig): Running => {
    const fingerprint = JSON.stringify(config);
    if (!config.enabled) return { fingerprint, config, reader: null, part: null };
    const { credentialId, enabled: _enabled, ...rest } = config;
    const wire = options.wireOf(config, options.login(credentialId));
    const reader = createEventLogReader({
      config: rest,
      site: knowledge.of(config.addressSpaceId),
      askClockOffset: (signal) => askClockOffset(config, clock.now, signal),
      now: clock.now,
      log: options.log,
      random: options.random,
      onServer: (addresses) => knowledge.noteServer(config.id, addresses),
      ...wire,
    });
    return { fingerprint, config, reader, part: pump(reader, options) };
  };

  return {
    async change(next) {
      const wanted = new Map(next.site.eventSources.map((config) => [config.id, config]));
      const isAsBefore = ([id, { fingerprint }]: [string, Running]): boolean =>
        JSON.stringify(wanted.get(id)) === fingerprint;
      const ended = [...running].filter((one) => !isAsBefore(one));
      await Promise.all(ended.map(([, { part }]) => part?.stop()));
      for (const [id] of ended) running.delete(id);
      for (const [id, config] of wanted) {
        if (running.has(id)) continue;
        const begun = begin(config);
        running.set(id, begun);
        if (isStarted) await begun.part?.start(new AbortController().signal);
      }
    },
    async start(signal) {
      isStarted = true;
      for (const { part } of running.values()) await part?.start(signal);
    },
    async stop() {
      isStarted = false;
      await Promise.all([...running.values()].map(({ part }) => part?.stop()));
    },
    health: () =>
      [...running.values()].flatMap(({ reader, config }) =>
        reader === null ? [switchedOff(config, clock.now())] : reader.health(),
      ),
    async test(id, signal) {
      const found = running.get(id);
      if (found === undefined) return null;
      if (found.reader !== null) return found.reader.test(signal);
      return [
        {
          name: "Source",
          ok: false,
          detail: "It is switched off.",
          remedy: "Enable the source.",
        },
      ];
    },
  };
}

function switchedOff({ id, name }: EventSourceConfig, now: number): SourceHealth {
  return {
    id,
    kind: "event-log",
    name,
    state: "off",
    sentence: "Switched off in the configuration.",
    since: now,
    lastActivityAt: null,
    counters: {},
  };
}
