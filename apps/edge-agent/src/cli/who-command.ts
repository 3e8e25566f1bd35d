import { AgentError } from "../agent-error.ts";
import { loadConfig } from "../config.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { readLocalToken } from "../status/local-token.ts";
import { ago } from "../status/render-status.ts";
import { askAgent } from "../status/status-client.ts";
import { type WhoDocument, whoDocument } from "../status/status-document.ts";
import { EXIT } from "./exit-codes.ts";
import { renderExplanations } from "./explain-command.ts";
import type { CommandContext } from "./host.ts";
import { printable } from "./terminal.ts";

const GROUPS_SHOWN = 8;

/** `who IP|USER`: who is at an address, or where somebody is; the same that firewalls are told. */
export async function whoCommand(
  asked: string,
  options: { readonly output: "table" | "json"; readonly explain?: boolean },
  context: CommandContext,
): Promise<number> {
  const { settings } = loadConfig(context.flags, context.environment);
  if (settings.statusListen === null) {
    throw new AgentError("not-running", "The status address is switched off.", { exit: "not-running" });
  }
  const token = readLocalToken(stateFolderAt(settings.stateDir).localToken);
  const who = await askAgent(
    settings.statusListen,
    `/who?q=${encodeURIComponent(asked)}`,
    whoDocument,
    token,
  );
  const { terminal } = context;
  if (options.output === "json") terminal.data(JSON.stringify(who, null, 2));
  else terminal.data(render(who, context.now()));
  if (options.explain === true && options.output === "table" && who.entries.length > 0)
    terminal.data(renderExplanations(asked, who.entries));
  return EXIT.ok;
}

function render(who: WhoDocument, now: number): string {
  if (who.entries.length === 0) return printable(`${who.asked}: nobody is known.`);
  return who.entries.map((entry) => renderEntry(entry, now)).join("\n\n");
}

function renderEntry(entry: WhoDocument["entries"][number], now: number): string {
  const { user, device } = entry;
  const lines = [
    user === null
      ? `${entry.ip}  nobody (${entry.unknownBecause ?? "unknown"})`
      : `${entry.ip}  ${user.domain}\\${user.name}${user.displayName === null ? "" : ` (${user.displayName})`}`,
  ];
  if (user !== null) {
    lines.push(
      `  since    ${new Date(user.since).toISOString()}, seen ${ago(now - user.lastSeenAt)} by ${user.source}, until ${new Date(user.expiresAt).toISOString()}`,
    );
    lines.push(`  groups   ${listOf(user.groups)}`);
  }
  if (device !== null)
    lines.push(`  device   ${device.name}${device.domain === "" ? "" : `.${device.domain}`}`);
  for (const sentence of entry.explanation) lines.push(`  because  ${sentence}`);
  return lines.map(printable).join("\n");
}

function listOf(groups: readonly string[]): string {
  if (groups.length === 0) return "none";
  const more = groups.length - GROUPS_SHOWN;
  return `${groups.slice(0, GROUPS_SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
