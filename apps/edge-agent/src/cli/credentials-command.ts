import { AgentError } from "../agent-error.ts";
import { loadConfig } from "../config.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { readLocalToken } from "../status/local-token.ts";
import { askAgent } from "../status/status-client.ts";
import { resumeDocument } from "../status/status-document.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";
import { printable } from "./terminal.ts";

/** `credentials resume ID`: lets a login that was paused after two refusals be tried once more. */
export async function credentialsResumeCommand(id: string, context: CommandContext): Promise<number> {
  const { settings } = loadConfig(context.flags, context.environment);
  if (settings.statusListen === null) {
    throw new AgentError("not-running", "The status address is switched off.", { exit: "not-running" });
  }
  const token = readLocalToken(stateFolderAt(settings.stateDir).localToken);
  const path = `/resume?credential=${encodeURIComponent(id)}`;
  const { outcome } = await askAgent(settings.statusListen, path, resumeDocument, token, "POST");
  const { terminal } = context;
  switch (outcome) {
    case "resumed":
      terminal.data(printable(`${id} is tried once more. rollcall-agent status says what came of it.`));
      return EXIT.ok;
    case "not-paused":
      terminal.data(printable(`${id} is not paused.`));
      return EXIT.ok;
    case "unknown":
      throw new AgentError("not-found", printable(`There is no credential "${id}" here.`), {
        exit: "usage",
        remedy: "rollcall-agent config show lists them.",
      });
  }
}
