import { createLogger } from "@rollcall/observability";
import { AgentError } from "../agent-error.ts";
import { buildAgent } from "../build-agent.ts";
import { loadConfig } from "../config.ts";
import { readPlainDoorFlags } from "../relay/plain-door.ts";
import { systemClock } from "../supervisor/clock.ts";
import { keepHeapSmall } from "../supervisor/small-heap.ts";
import { createSupervisor } from "../supervisor/supervisor.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";

const STOP_BUDGET_MS = 10_000;

/** `run`: the daemon. Its log goes to standard error, a JSON object a line. */
export async function runCommand(context: CommandContext): Promise<number> {
  const { settings, local } = loadConfig(context.flags, context.environment);
  const log = createLogger({
    name: "edge-agent",
    level: settings.logLevel,
    destination: { write: (line) => context.terminal.talk(line) },
  });
  const plain = readPlainDoorFlags(context.flags.plainFirewallListen, context.flags.plainFirewallFrom);
  if (plain !== null && (settings.firewallListen === null || local?.shadow !== undefined))
    throw new AgentError("usage", "--plain-firewall-listen needs an agent that answers firewalls.", {
      exit: "usage",
      remedy: "Say where firewalls ask with --firewall-listen, and leave --shadow out.",
    });
  const { terminal } = context;
  const say = (text: string): void => terminal.talk(terminal.tint(text, "bad", "talk"));
  const terminated = context.untilTerminated();
  keepHeapSmall();
  const { parts, greeting } = await buildAgent({
    settings,
    local,
    clock: systemClock,
    random: Math.random,
    log,
    ...(plain === null ? {} : { plainFirewalls: { ...plain, say } }),
  });
  const supervisor = createSupervisor(parts, { log, clock: systemClock, stopBudgetMs: STOP_BUDGET_MS });
  await supervisor.start();
  for (const line of greeting()) context.terminal.data(line);
  if (!terminated.aborted)
    await new Promise<void>((resolve) =>
      terminated.addEventListener("abort", () => resolve(), { once: true }),
    );
  log.info("stopping");
  const late = await supervisor.stop();
  if (late.length === 0) return EXIT.ok;
  // What has not stopped must not keep the process: SIGKILL at any time loses nothing either.
  setTimeout(() => process.exit(EXIT.failed), 100).unref();
  return EXIT.failed;
}
