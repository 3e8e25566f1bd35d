import { parseIp } from "@rollcall/identity-core";
import { AgentError } from "../agent-error.ts";
import { loadConfig } from "../config.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { readLocalToken } from "../status/local-token.ts";
import { askAgent } from "../status/status-client.ts";
import { probeDocument } from "../status/status-document.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";
import { printable } from "./terminal.ts";

/** Waiting for a turn, and asking. */
const ANSWER_MS = 45_000;

/**
 * `probe ADDRESS`: asks the computer there who sits at it, as the running agent would, and tells firewalls what it says.
 * Exit: `ok` where the computer answered, if only that nobody is there; `broken` where it did not, or was not asked.
 */
export async function probeCommand(
  asked: string,
  options: { readonly output: "table" | "json" },
  context: CommandContext,
): Promise<number> {
  const ip = parseIp(asked);
  if (ip === null)
    throw new AgentError("not-an-address", `"${asked}" is not an address.`, {
      exit: "usage",
      remedy: "Give the address of a computer, as 10.1.2.3.",
    });
  const { settings } = loadConfig(context.flags, context.environment);
  if (settings.statusListen === null)
    throw new AgentError("not-running", "The status address is switched off.", { exit: "not-running" });
  const token = readLocalToken(stateFolderAt(settings.stateDir).localToken);
  const path = `/probe?ip=${encodeURIComponent(ip)}`;
  const document = await askAgent(settings.statusListen, path, probeDocument, token, "POST", ANSWER_MS);
  const { terminal } = context;
  if (options.output === "json") terminal.data(JSON.stringify(document, null, 2));
  else {
    const computer = document.computer === null ? "" : ` (${document.computer})`;
    terminal.data(printable(`${document.ip}${computer}: ${document.sentence}`));
  }
  return document.outcome === "user" || document.outcome === "nobody" ? EXIT.ok : EXIT.broken;
}
