/** The receiver as the site's configuration gives it (the same shape, named here so that this room needs no other). */
export interface WefConfig {
  readonly id: string;
  readonly name: string;
  readonly addressSpaceId: string;
  /** What the computers reach this agent by. */
  readonly host: string;
  readonly port: number;
  readonly clientCaPem: string;
  readonly allow: readonly string[];
  readonly channels: readonly string[];
  /** Structured XML query; the one of the rules where absent. */
  readonly query?: string | undefined;
  readonly heartbeatSeconds: number;
  readonly readExisting: boolean;
  readonly compress: boolean;
  readonly lifetimeMinutes: number;
  readonly rulesOff: readonly string[];
  readonly rulesOn: readonly string[];
}
