/** One Windows event log as the site's configuration gives it (the same shape, named here so that this room needs no other). */
export interface EventSourceConfig {
  readonly id: string;
  readonly name: string;
  readonly kind: "domain-controller" | "exchange" | "event-collector";
  /** Full DNS name of the server, or its address. */
  readonly host: string;
  readonly addressSpaceId: string;
  readonly channelPath?: string | undefined;
  /** Structured XML query; the one of its kind and rules where absent. */
  readonly query?: string | undefined;
  readonly catchUpMinutes: number;
  readonly lifetimeMinutes: number;
  readonly rulesOff: readonly string[];
  readonly rulesOn: readonly string[];
  /** Shares whose use counts beside SYSVOL and NETLOGON. */
  readonly shares: readonly string[];
  readonly endpointMapperPort: number;
  readonly headerSigning: boolean;
}

/** The log that is read where none is named. */
export function channelOf(config: Pick<EventSourceConfig, "kind" | "channelPath">): string {
  return config.channelPath ?? (config.kind === "event-collector" ? "ForwardedEvents" : "Security");
}
