import { homedir } from "node:os";
import path from "node:path";
import { siteConfig } from "@rollcall/agent-protocol";
import { ConfigError, type ConfigIssue, parseListen, readYamlConfig } from "@rollcall/config";
import { LOG_LEVELS } from "@rollcall/observability";
import { z } from "zod";
import type { AgentSettings, ListenAddress, SettingOrigin, SettingOrigins } from "./settings.ts";
import { shadowBlock } from "./shadow/shadow-settings.ts";
import { checkSite } from "./sources/check-site.ts";

const GIB = 1024 ** 3;
export const MAX_SPOOL_BYTES_MIN = 1024 * 1024;

const listenText = z.string().refine((text) => text === "off" || parseListen(text) !== null, {
  error: 'expected host:port, as in 0.0.0.0:443, or "off"',
});

/** How the process runs, as it may stand in the local file. Flags and environment come first. */
export const agentBlock = z.strictObject({
  stateDir: z.string().min(1).optional().describe("Folder of the agent's own state; made with mode 0700."),
  firewallListen: listenText
    .optional()
    .describe("Where firewalls ask: host:port, or off. 0.0.0.0:443 at a site."),
  legacyListen: listenText
    .optional()
    .describe(
      "Where firewalls of TLS 1.0 and 1.1 ask while `firewallListener.legacy` lets them: host:port, or off to forbid it on this machine.",
    ),
  syslogListen: listenText
    .optional()
    .describe("Where syslog arrives, UDP and TCP: host:port, or off. 0.0.0.0:514 at a site."),
  statusListen: listenText
    .optional()
    .describe("Where `rollcall-agent status` asks, on this machine only: a loopback host:port, or off."),
  maxSpoolBytes: z
    .number()
    .int()
    .min(MAX_SPOOL_BYTES_MIN)
    .optional()
    .describe("The store may not grow beyond this; the agent then stops reading sources and says so."),
  logLevel: z.enum(LOG_LEVELS).optional().describe("How much is logged."),
});

/** The local file: what an agent does at a site, with the schema of the portal, and how its process runs. */
export const localFile = siteConfig.extend({
  agent: agentBlock.prefault({}).describe("How the process runs; flags and environment come first."),
  shadow: shadowBlock
    .optional()
    .describe(
      "Runs beside another server: reads the same sources, compares the two tables, answers no firewall.",
    ),
});
export type LocalFile = z.infer<typeof localFile>;

export const DEFAULTS = {
  firewallListen: "127.0.0.2:8444",
  syslogListen: "127.0.0.2:5514",
  statusListen: "127.0.0.1:9443",
  maxSpoolBytes: 8 * GIB,
  logLevel: "info",
} as const;

/** Values given on the command line, as text; absent ones were not given. */
export interface Flags {
  readonly stateDir?: string;
  readonly config?: string;
  readonly firewallListen?: string;
  readonly legacyListen?: string;
  readonly syslogListen?: string;
  readonly statusListen?: string;
  readonly maxSpoolBytes?: string;
  readonly logLevel?: string;
  readonly plainFirewallListen?: string;
  readonly plainFirewallFrom?: readonly string[];
  /** Insists on `shadow:` in the file, so that a file without it does not begin to answer firewalls. */
  readonly shadow?: boolean;
}

export interface LoadedConfig {
  readonly settings: AgentSettings;
  readonly origins: SettingOrigins;
  /** The local file's content, where there is one. */
  readonly local: LocalFile | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

interface Source {
  readonly flag: string;
  readonly environment: string;
}

/** How each setting is called on the command line and in the environment. */
export const SETTING_SOURCES: Readonly<Record<keyof AgentSettings, Source>> = {
  stateDir: { flag: "--state-dir", environment: "ROLLCALL_STATE_DIR" },
  configFile: { flag: "--config", environment: "ROLLCALL_CONFIG" },
  firewallListen: { flag: "--firewall-listen", environment: "ROLLCALL_FIREWALL_LISTEN" },
  legacyListen: { flag: "--legacy-listen", environment: "ROLLCALL_LEGACY_LISTEN" },
  syslogListen: { flag: "--syslog-listen", environment: "ROLLCALL_SYSLOG_LISTEN" },
  statusListen: { flag: "--status-listen", environment: "ROLLCALL_STATUS_LISTEN" },
  maxSpoolBytes: { flag: "--max-spool-bytes", environment: "ROLLCALL_MAX_SPOOL_BYTES" },
  logLevel: { flag: "--log-level", environment: "ROLLCALL_LOG_LEVEL" },
};

/**
 * Puts flags, environment and the local file together, in that order of precedence.
 *
 * Errors: `ConfigError` with every fault at once: of the file (schema and sense) or of the flags and the environment.
 */
export function loadConfig(flags: Flags, environment: Environment): LoadedConfig {
  const issues: ConfigIssue[] = [];
  const configFile = pick("configFile", flags.config, environment, undefined);
  const local = configFile.text === null ? null : readLocalFile(configFile.text);
  const block: z.infer<typeof agentBlock> = local?.agent ?? {};

  const stateDir = pick("stateDir", flags.stateDir, environment, block.stateDir);
  const firewall = pick("firewallListen", flags.firewallListen, environment, block.firewallListen);
  const legacy = pick("legacyListen", flags.legacyListen, environment, block.legacyListen);
  const syslog = pick("syslogListen", flags.syslogListen, environment, block.syslogListen);
  const status = pick("statusListen", flags.statusListen, environment, block.statusListen);
  const spool = pick("maxSpoolBytes", flags.maxSpoolBytes, environment, block.maxSpoolBytes?.toString());
  const level = pick("logLevel", flags.logLevel, environment, block.logLevel);

  const listen = (picked: Picked, fallback: string): ListenAddress | null => {
    const text = picked.text ?? fallback;
    if (text === "off") return null;
    const address = parseListen(text);
    if (address === null)
      issues.push({ path: picked.name, problem: `expected host:port, as in ${fallback}, or "off"` });
    return address;
  };
  const statusListen = listen(status, DEFAULTS.statusListen);
  if (statusListen !== null && !isLoopback(statusListen.host)) {
    issues.push({
      path: status.name,
      problem: `${statusListen.host} is not a loopback address`,
      remedy: "use 127.0.0.1 or ::1",
    });
  }
  const maxSpoolBytes = spool.text === null ? DEFAULTS.maxSpoolBytes : Number(spool.text);
  if (!Number.isSafeInteger(maxSpoolBytes) || maxSpoolBytes < MAX_SPOOL_BYTES_MIN) {
    issues.push({ path: spool.name, problem: `expected a number of bytes, at least ${MAX_SPOOL_BYTES_MIN}` });
  }
  const logLevel = LOG_LEVELS.find((word) => word === (level.text ?? DEFAULTS.logLevel));
  if (logLevel === undefined)
    issues.push({ path: level.name, problem: `expected one of ${LOG_LEVELS.join(", ")}` });

  const settings: AgentSettings = {
    stateDir: path.resolve(stateDir.text ?? defaultStateDir(environment)),
    configFile: configFile.text === null ? null : path.resolve(configFile.text),
    firewallListen: listen(firewall, DEFAULTS.firewallListen),
    legacyListen: legacy.text === null ? "as-configured" : listen(legacy, "0.0.0.0:8446"),
    syslogListen: listen(syslog, DEFAULTS.syslogListen),
    statusListen,
    maxSpoolBytes,
    logLevel: logLevel ?? DEFAULTS.logLevel,
  };
  if (flags.shadow === true && local?.shadow === undefined)
    issues.push({
      path: "--shadow",
      problem: "the local file does not say beside which server",
      remedy: "add `shadow:` to it (docs/runbooks/shadow-mode.md) and name it with --config",
    });
  if (issues.length > 0) throw new ConfigError("flags and environment", issues);
  return {
    settings,
    origins: {
      stateDir: stateDir.origin,
      configFile: configFile.origin,
      firewallListen: firewall.origin,
      legacyListen: legacy.origin,
      syslogListen: syslog.origin,
      statusListen: status.origin,
      maxSpoolBytes: spool.origin,
      logLevel: level.origin,
    },
    local,
  };
}

/** Reads and checks the local file: the one loader of `run` and of `config validate`. Throws `ConfigError`. */
export function readLocalFile(file: string): LocalFile {
  const local = readYamlConfig(localFile, file);
  const issues = checkSite(local, { baseFolder: path.dirname(path.resolve(file)) });
  if (issues.length > 0) throw new ConfigError(file, issues);
  return local;
}

/** Whether colours may be used on a stream: only on a terminal, and not against NO_COLOR (no-color.org). */
export function wantsColour(environment: Environment, isTerminal: boolean): boolean {
  return isTerminal && !environment.NO_COLOR && environment.TERM !== "dumb";
}

/** The environment of this process. No other file reads it. */
export function processEnvironment(): Environment {
  return process.env;
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

interface Picked {
  readonly text: string | null;
  readonly origin: SettingOrigin;
  /** How the value is called where it was given, for a fault. */
  readonly name: string;
}

function pick(
  setting: keyof AgentSettings,
  flag: string | undefined,
  environment: Environment,
  file: string | undefined,
): Picked {
  const source = SETTING_SOURCES[setting];
  const fromEnvironment = environment[source.environment]?.trim();
  if (flag !== undefined) return { text: flag, origin: "flag", name: source.flag };
  if (fromEnvironment) return { text: fromEnvironment, origin: "environment", name: source.environment };
  if (file !== undefined) return { text: file, origin: "file", name: `agent.${setting}` };
  return { text: null, origin: "default", name: source.flag };
}

function defaultStateDir(environment: Environment): string {
  if (process.platform === "win32")
    return path.join(environment.ProgramData ?? "C:\\ProgramData", "Rollcall", "agent");
  if (process.getuid?.() === 0) return "/var/lib/rollcall-agent";
  return path.join(environment.XDG_STATE_HOME || path.join(homedir(), ".local", "state"), "rollcall-agent");
}
