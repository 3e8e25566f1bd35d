import { AgentError } from "../agent-error.ts";
import { loadConfig } from "../config.ts";
import { readIdentity } from "../enrolment/identity.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { renderStatus } from "../status/render-status.ts";
import { askAgent } from "../status/status-client.ts";
import { type StatusDocument, statusDocument } from "../status/status-document.ts";
import { systemClock } from "../supervisor/clock.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";

export interface StatusOptions {
  readonly watch?: boolean;
  readonly output: "table" | "json";
}

const REDRAW_MS = 2000;

/** `status`: what runs, what does not, and what to do first. */
export async function statusCommand(options: StatusOptions, context: CommandContext): Promise<number> {
  const { terminal } = context;
  if (options.watch !== true) return show(await ask(context), options, context);
  const signal = context.untilTerminated();
  while (!signal.aborted) {
    const drawn = await ask(context).then(
      (status) => ({ status, fault: null }),
      (error: unknown) => ({ status: null, fault: error }),
    );
    if (terminal.isInteractive) terminal.data("\u001b[2J\u001b[H");
    if (drawn.status !== null) show(drawn.status, options, context);
    else terminal.data(drawn.fault instanceof Error ? drawn.fault.message : String(drawn.fault));
    await systemClock.sleep(REDRAW_MS, signal).catch(() => undefined);
  }
  return EXIT.ok;
}

async function ask(context: CommandContext): Promise<StatusDocument> {
  const { settings } = loadConfig(context.flags, context.environment);
  if (settings.statusListen === null) {
    throw new AgentError("not-running", "The status address is switched off.", {
      exit: "not-running",
      remedy: "Say where the agent listens with --status-listen.",
    });
  }
  try {
    return await askAgent(settings.statusListen, "/status", statusDocument);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== "not-running") throw error;
    if (isEnrolled(settings.stateDir) !== false) throw error;
    throw new AgentError("not-enrolled", "This machine is not enrolled, and no agent runs here.", {
      cause: error,
      exit: "not-enrolled",
      remedy: "Enrol it: rollcall-agent enroll FILE. Or run it by itself: rollcall-agent run --config FILE.",
    });
  }
}

/** Null where this user may not look. */
function isEnrolled(stateDir: string): boolean | null {
  try {
    return readIdentity(stateFolderAt(stateDir).identity) !== null;
  } catch {
    return null;
  }
}

function show(status: StatusDocument, options: StatusOptions, { terminal, now }: CommandContext): number {
  terminal.data(
    options.output === "json" ? JSON.stringify(status, null, 2) : renderStatus(status, terminal, now()),
  );
  return { ok: EXIT.ok, degraded: EXIT.degraded, broken: EXIT.broken }[status.state];
}
