import { wefReceiverConfig } from "@rollcall/agent-protocol";
import { issuersIn } from "@rollcall/collectors/wef";
import { forwardingSteps } from "@rollcall/event-rules";
import { AgentError } from "../agent-error.ts";
import { loadConfig, readLocalFile } from "../config.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { readLocalToken } from "../status/local-token.ts";
import { ago } from "../status/render-status.ts";
import { askAgent } from "../status/status-client.ts";
import { configDocument, forwardersDocument, statusDocument } from "../status/status-document.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";
import { printable } from "./terminal.ts";

/** `wef policy`: what is to be done at the customer's side so that computers forward their events to this agent. */
export async function wefPolicyCommand(context: CommandContext): Promise<number> {
  const { settings } = loadConfig(context.flags, context.environment);
  const { folder, ownAuthorityCertificate } = stateFolderAt(settings.stateDir);
  const own = `${ownAuthorityCertificate} (made when the agent runs)`;
  const portals = "download it in the portal, Event forwarding";
  // A file that is named is meant; else what the running agent does counts, wherever it has it from.
  const running = settings.configFile === null ? await runningReceiver(context) : null;
  const receiver =
    settings.configFile === null ? running?.receiver : readLocalFile(settings.configFile).wefReceiver;
  if (receiver === null || receiver === undefined)
    throw new AgentError("not-found", "No event forwarding is configured here.", {
      exit: "usage",
      remedy: "Set wefReceiver in the file that --config names, or set it up in the portal.",
    });
  const issuers = issuersIn(receiver.clientCaPem).map((sha1) => ({ sha1 }));
  const steps = forwardingSteps(receiver, issuers, running?.isPortals === true ? portals : own);
  for (const [index, { title, sentences, lines }] of steps.entries())
    context.terminal.data(
      [`${index + 1}. ${title}`, ...sentences.map((one) => `   ${one}`), "", ...lines.map((one) => `${one}`)]
        .map(printable)
        .join("\n")
        .trimEnd()
        .concat("\n"),
    );
  context.terminal.talk(`The agent's own files are in ${folder}.`);
  return EXIT.ok;
}

async function runningReceiver(context: CommandContext): Promise<{
  readonly receiver: ReturnType<typeof wefReceiverConfig.parse> | null;
  readonly isPortals: boolean;
}> {
  const { listen, token } = runningAgent(context);
  const { site } = await askAgent(listen, "/config", configDocument, token);
  const { firewallCertificate } = await askAgent(listen, "/status", statusDocument);
  const read = wefReceiverConfig.nullable().safeParse(site.wefReceiver ?? null);
  return { receiver: read.data ?? null, isPortals: firewallCertificate?.origin === "portal" };
}

/** `wef computers`: who forwards, last heard first. */
export async function wefComputersCommand(
  options: { readonly output: "table" | "json" },
  context: CommandContext,
): Promise<number> {
  const { listen, token } = runningAgent(context);
  const { computers } = await askAgent(listen, "/forwarders", forwardersDocument, token);
  const { terminal } = context;
  if (options.output === "json") terminal.data(JSON.stringify(computers, null, 2));
  else if (computers.length === 0)
    terminal.data("No computer has forwarded anything since the agent started.");
  else {
    const width = Math.max(...computers.map(({ name }) => name.length));
    for (const { name, address, lastHeardAt, events, forged } of computers) {
      const refused = forged === 0 ? "" : `, ${forged} REFUSED: another computer wrote them`;
      terminal.data(
        printable(
          `${name.padEnd(width)}  ${address.padEnd(15)}  heard ${ago(context.now() - lastHeardAt)}, ${events} events${refused}`,
        ),
      );
    }
  }
  return EXIT.ok;
}

function runningAgent(context: CommandContext): {
  readonly listen: { readonly host: string; readonly port: number };
  readonly token: string;
} {
  const { settings } = loadConfig(context.flags, context.environment);
  if (settings.statusListen === null)
    throw new AgentError("not-running", "The status address is switched off.", { exit: "not-running" });
  return {
    listen: settings.statusListen,
    token: readLocalToken(stateFolderAt(settings.stateDir).localToken),
  };
}
