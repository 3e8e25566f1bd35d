import { baseConfigurations } from "@rollcall/syslog-rules";
import type { SyslogSequenceConfig, SyslogSourceConfig } from "../source-config.ts";

/** The sequences of a shipped base configuration. */
export function sequencesOf(baseId: string): readonly SyslogSequenceConfig[] {
  const base = baseConfigurations.find((candidate) => candidate.id === baseId);
  if (base === undefined) throw new Error(`no base configuration ${baseId}`);
  return base.sequences;
}

/** A source that hears loopback and speaks for 10.0.0.0/8, with the sequences of `user=… ip=…`. */
export function aSource(overrides: Partial<SyslogSourceConfig> = {}): SyslogSourceConfig {
  return {
    id: "vpn",
    name: "VPN",
    senders: ["127.0.0.1"],
    transport: "any",
    addressSpaceId: "default",
    speaksFor: ["10.0.0.0/8"],
    lifetimeMinutes: 60,
    maxLinesPerSecond: 100_000,
    sequences: sequencesOf("key-value"),
    ...overrides,
  };
}

/** A clock that moves only when told to. */
export class TestClock {
  #now: number;

  constructor(now: number = Date.UTC(2026, 10, 21, 20, 30, 0)) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  advance(ms: number): void {
    this.#now += ms;
  }
}
