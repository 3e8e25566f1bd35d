import type { RuleSequence } from "@rollcall/syslog-rules";

export interface SyslogSequenceConfig extends RuleSequence {
  /** Lines of events older than this when the source starts are left out; 0: no limit. */
  readonly startingTimeMinutes: number;
}

/** One syslog source as the site's configuration gives it (the same shape, named here so that this room needs no other). */
export interface SyslogSourceConfig {
  readonly id: string;
  readonly name: string;
  /** Addresses, prefixes or ranges that may send. */
  readonly senders: readonly string[];
  readonly transport: "any" | "udp" | "tcp";
  readonly addressSpaceId: string;
  /** Addresses for which its lines have their kind's class; outside they are class D. */
  readonly speaksFor: readonly string[];
  readonly defaultDomain?: string | undefined;
  /** IANA zone of time stamps that carry none. */
  readonly timeZone?: string | undefined;
  readonly lifetimeMinutes: number;
  readonly maxLinesPerSecond: number;
  readonly sequences: readonly SyslogSequenceConfig[];
}

export type SyslogTransport = "udp" | "tcp";
