import { formatListen, type ListenAddress } from "@rollcall/config";
import type { LogLevel } from "@rollcall/observability";

export { formatListen, type ListenAddress };

/** How this process runs, after flags, environment and file were put together. Null for a listener: switched off. */
export interface AgentSettings {
  readonly stateDir: string;
  /** The local configuration file, where one is used. */
  readonly configFile: string | null;
  readonly firewallListen: ListenAddress | null;
  /** Where firewalls of TLS 1.0 and 1.1 ask, if the configuration lets them: `as-configured` says that too. */
  readonly legacyListen: ListenAddress | "as-configured" | null;
  readonly syslogListen: ListenAddress | null;
  readonly statusListen: ListenAddress | null;
  readonly maxSpoolBytes: number;
  readonly logLevel: LogLevel;
}

/** Where each setting came from: shown by `config show`. */
export type SettingOrigin = "flag" | "environment" | "file" | "default";
export type SettingOrigins = Readonly<Record<keyof AgentSettings, SettingOrigin>>;
