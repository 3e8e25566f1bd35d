import { formatYaml } from "@rollcall/config";
import { makeSecretVerifier, newClientSecret } from "@rollcall/pki";
import { AgentError } from "../agent-error.ts";
import { loadConfig, readLocalFile } from "../config.ts";
import { formatListen } from "../settings.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";

/** `config validate --config FILE`: the loader of `run`, and nothing else. Throws what it throws. */
export function configValidateCommand(context: CommandContext): number {
  const { settings } = loadConfig(context.flags, context.environment);
  if (settings.configFile === null) {
    throw new AgentError("usage", "Name the file to check with --config FILE.", { exit: "usage" });
  }
  const local = readLocalFile(settings.configFile);
  const counts = [
    [local.directories.length, "directories"],
    [local.syslogSources.length, "syslog sources"],
    [local.filters.length, "filters"],
    [local.enforcementPoints.length, "enforcement points"],
  ];
  context.terminal.talk(
    `${settings.configFile} is valid: ${counts.map(([n, what]) => `${n} ${what}`).join(", ")}.`,
  );
  return EXIT.ok;
}

/** `config show`: how the process would run, with the origin of each value, and the local file with its defaults. */
export function configShowCommand(context: CommandContext): number {
  const { settings, origins, local } = loadConfig(context.flags, context.environment);
  const { terminal } = context;
  const shown = (value: unknown): string => {
    if (value === null) return "off";
    if (typeof value === "object" && "port" in value && "host" in value)
      return formatListen(value as { host: string; port: number });
    return String(value);
  };
  terminal.data("# how the process runs");
  for (const [name, value] of Object.entries(settings)) {
    const origin = origins[name as keyof typeof origins];
    terminal.data(`${name}: ${name === "configFile" && value === null ? "none" : shown(value)}  # ${origin}`);
  }
  if (local !== null) {
    const { agent: _agent, ...site } = local;
    terminal.data(`\n# what it does, from ${settings.configFile} with defaults filled in`);
    terminal.data(formatYaml(site));
  }
  return EXIT.ok;
}

/** `config new-secret`: a client secret for a firewall, and the verifier that stands for it in the file. */
export function configNewSecretCommand(context: CommandContext): number {
  const secret = newClientSecret();
  context.terminal.talk(
    "Give the secret to the firewall; put the verifier into the file. The secret is shown this once.",
  );
  context.terminal.data(`secret: ${secret}\nverifier: ${makeSecretVerifier(secret)}`);
  return EXIT.ok;
}
