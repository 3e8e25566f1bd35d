import { formatYaml } from "@rollcall/config";
import {
  judgeChosenSecret,
  makeChosenSecretVerifier,
  makeSecretVerifier,
  newClientSecret,
} from "@rollcall/pki";
import { AgentError } from "../agent-error.ts";
import { loadConfig, readLocalFile } from "../config.ts";
import { type AgentSettings, formatListen } from "../settings.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { readLocalToken } from "../status/local-token.ts";
import { askAgent } from "../status/status-client.ts";
import { type ConfigDocument, configDocument } from "../status/status-document.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";

const CHOSEN_BYTES_MAX = 4096;

/** `config validate --config FILE`: the loader of `run`, and nothing else. Throws what it throws. */
export function configValidateCommand(context: CommandContext): number {
  const { settings } = loadConfig(context.flags, context.environment);
  if (settings.configFile === null) {
    throw new AgentError("usage", "Name the file to check with --config FILE.", { exit: "usage" });
  }
  const local = readLocalFile(settings.configFile);
  context.terminal.talk(`${settings.configFile} is valid: ${contentInWords(local)}.`);
  return EXIT.ok;
}

/** What a file holds, so that a person sees whether all of it was read. */
function contentInWords(local: ReturnType<typeof readLocalFile>): string {
  const { wefReceiver, pcProbe } = local;
  const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
  const part = (what: string, enabled: boolean | undefined) =>
    enabled === undefined ? `no ${what}` : enabled ? `a ${what}` : `a ${what} that is off`;
  return [
    count(local.directories.length, "directory", "directories"),
    count(local.credentials.length, "credential"),
    count(local.eventSources.length, "event log"),
    part("receiver of forwarded events", wefReceiver === null ? undefined : true),
    part("PC probe", pcProbe?.enabled),
    count(local.syslogSources.length, "syslog source"),
    count(local.filters.length, "filter"),
    count(local.enforcementPoints.length, "enforcement point"),
    count(local.profiles.length, "own profile"),
    count(local.addressMarks.length, "address mark"),
  ].join(", ");
}

/**
 * `config show`: how the process would run, with the origin of each value, and what the site does: as the running agent
 * has it, else as the local file says with its defaults.
 */
export async function configShowCommand(context: CommandContext): Promise<number> {
  const { settings, origins, local } = loadConfig(context.flags, context.environment);
  const { terminal } = context;
  terminal.data("# how the process runs");
  for (const [name, value] of Object.entries(settings)) {
    const origin = origins[name as keyof typeof origins];
    terminal.data(`${name}: ${name === "configFile" && value === null ? "none" : shown(value)}  # ${origin}`);
  }
  const running = await runningConfig(settings);
  if (running !== null) {
    const from = Object.entries(running.origins).map(([part, origin]) => `${part}: ${origin}`);
    const version = running.version === null ? "" : `, version ${running.version} of the portal`;
    terminal.data(`\n# what the running agent does${version} (${from.join(", ")})`);
    terminal.data(formatYaml(running.site));
  } else if (local !== null) {
    const { agent: _agent, shadow: _shadow, ...site } = local;
    terminal.data(`\n# what it does, from ${settings.configFile} with defaults filled in`);
    terminal.data(formatYaml(site));
  }
  return EXIT.ok;
}

/** Null where no agent answers here, or not to this user. */
async function runningConfig(settings: AgentSettings): Promise<ConfigDocument | null> {
  if (settings.statusListen === null) return null;
  try {
    const token = readLocalToken(stateFolderAt(settings.stateDir).localToken);
    return await askAgent(settings.statusListen, "/config", configDocument, token);
  } catch (error) {
    if (error instanceof AgentError) return null;
    throw error;
  }
}

function shown(value: AgentSettings[keyof AgentSettings]): string {
  if (value === null) return "off";
  return typeof value === "object" ? formatListen(value) : String(value);
}

/**
 * `config new-secret`: a client secret for a firewall, and the verifier that stands for it in the file. With --stdin the
 * secret is one that somebody chose; it is judged, and is not shown.
 */
export async function configNewSecretCommand(
  context: CommandContext,
  options: { readonly stdin?: boolean },
): Promise<number> {
  if (options.stdin === true) {
    const chosen = (await context.terminal.readStdin(CHOSEN_BYTES_MAX))
      .toString("utf8")
      .replace(/\r?\n$/, "");
    const judged = judgeChosenSecret(chosen);
    if (judged.kind === "refused")
      throw new AgentError("secret-weak", "That secret is not taken.", {
        exit: "invalid",
        remedy: judged.sentence,
      });
    context.terminal.data(`verifier: ${await makeChosenSecretVerifier(chosen)}`);
    return EXIT.ok;
  }
  const secret = newClientSecret();
  context.terminal.talk(
    "Give the secret to the firewall; put the verifier into the file. The secret is shown this once.",
  );
  context.terminal.data(`secret: ${secret}\nverifier: ${makeSecretVerifier(secret)}`);
  return EXIT.ok;
}
