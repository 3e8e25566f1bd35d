import { AgentError } from "../agent-error.ts";
import { loadConfig } from "../config.ts";
import { type DoctorDocument, doctorDocument } from "../doctor/doctor-document.ts";
import { examineFile } from "../doctor/examine-file.ts";
import { renderDoctor } from "../doctor/render-doctor.ts";
import type { AgentSettings } from "../settings.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { readLocalToken } from "../status/local-token.ts";
import { askAgent } from "../status/status-client.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";
import { printable } from "./terminal.ts";

/** Every source may have to be waited for. */
const ANSWER_MS = 180_000;

export interface DoctorCommandOptions {
  readonly source?: string;
  readonly output: "table" | "json";
  /** A file that is examined without an agent that runs. */
  readonly config?: string;
}

/**
 * `doctor`: what works and what does not, of the running agent; with --config of a file, before it is run.
 * Exit: `ok` where nothing failed, advice or not; `broken` where a check failed.
 */
export async function doctorCommand(options: DoctorCommandOptions, context: CommandContext): Promise<number> {
  const document = await (options.config === undefined ? askRunning : examineLocal)(options, context);
  const { terminal } = context;
  terminal.data(
    options.output === "json" ? JSON.stringify(document, null, 2) : renderDoctor(document, terminal),
  );
  return document.state === "failed" ? EXIT.broken : EXIT.ok;
}

async function askRunning(
  { source }: DoctorCommandOptions,
  context: CommandContext,
): Promise<DoctorDocument> {
  const { settings } = loadConfig(context.flags, context.environment);
  try {
    return await askAt(settings, source);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== "not-running") throw error;
    const { message, cause, exit, remedy } = error;
    throw new AgentError("not-running", message, {
      cause,
      exit,
      remedy: [remedy, WITHOUT_AN_AGENT].filter((each) => each !== null).join(" "),
    });
  }
}

const WITHOUT_AN_AGENT = "To examine a file without an agent that runs: rollcall-agent doctor --config FILE.";

async function askAt(settings: AgentSettings, source: string | undefined): Promise<DoctorDocument> {
  if (settings.statusListen === null)
    throw new AgentError("not-running", "The status address is switched off.", { exit: "not-running" });
  const token = readLocalToken(stateFolderAt(settings.stateDir).localToken);
  const path = source === undefined ? "/doctor" : `/doctor?source=${encodeURIComponent(source)}`;
  const found = await askAgent(
    settings.statusListen,
    path,
    doctorDocument.nullable(),
    token,
    "POST",
    ANSWER_MS,
  );
  return found ?? noSource(source);
}

async function examineLocal(
  { source }: DoctorCommandOptions,
  context: CommandContext,
): Promise<DoctorDocument> {
  const { settings, local } = loadConfig(context.flags, context.environment);
  if (local === null)
    throw new AgentError("usage", "Name the file to examine with --config FILE.", { exit: "usage" });
  const signal = AbortSignal.any([context.untilTerminated(), AbortSignal.timeout(ANSWER_MS)]);
  return (await examineFile({ settings, local }, source ?? null, signal)) ?? noSource(source);
}

function noSource(source: string | undefined): never {
  throw new AgentError("not-found", printable(`There is no source "${source}" here.`), {
    exit: "usage",
    remedy: "rollcall-agent config show lists them.",
  });
}
