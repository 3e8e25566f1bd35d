import { parseIp } from "@rollcall/identity-core";
import { AgentError } from "../agent-error.ts";
import { loadConfig } from "../config.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { readLocalToken } from "../status/local-token.ts";
import { askAgent } from "../status/status-client.ts";
import { type WhoDocument, whoDocument } from "../status/status-document.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";
import { printable } from "./terminal.ts";

export interface ExplainCliOptions {
  readonly output: "table" | "json";
  readonly space?: string;
}

/** `explain ADDRESS`: everything that was said of an address, what became of it, and which number of the law decided. */
export async function explainCommand(
  asked: string,
  options: ExplainCliOptions,
  context: CommandContext,
): Promise<number> {
  if (parseIp(asked) === null)
    throw new AgentError("not-an-address", `"${asked}" is not an address.`, {
      exit: "usage",
      remedy: "Give an address, as 10.1.2.3. Where somebody is says: rollcall-agent who NAME.",
    });
  const { settings } = loadConfig(context.flags, context.environment);
  if (settings.statusListen === null)
    throw new AgentError("not-running", "The status address is switched off.", { exit: "not-running" });
  const token = readLocalToken(stateFolderAt(settings.stateDir).localToken);
  const who = await askAgent(
    settings.statusListen,
    `/who?q=${encodeURIComponent(asked)}`,
    whoDocument,
    token,
  );
  const entries = who.entries.filter(
    (entry) => options.space === undefined || entry.addressSpaceId === options.space,
  );
  const { terminal } = context;
  if (options.output === "json") terminal.data(JSON.stringify({ ...who, entries }, null, 2));
  else terminal.data(renderExplanations(asked, entries));
  return EXIT.ok;
}

type Entry = WhoDocument["entries"][number];
type Line = Entry["lines"][number];

/** Draws explanations for a person: the answer, what was said (newest first), and the steps that decided. */
export function renderExplanations(asked: string, entries: readonly Entry[]): string {
  if (entries.length === 0) return printable(`${asked}: no source has ever spoken of this address.`);
  return entries.map(renderEntry).join("\n\n");
}

function renderEntry(entry: Entry): string {
  const lines = [`${entry.ip} in ${entry.addressSpaceId}: ${entry.answer}`];
  if (entry.nextChangeAt !== null)
    lines.push(`  until something is said, this changes at ${new Date(entry.nextChangeAt).toISOString()}`);
  for (const kind of ["user", "device"] as const) {
    const ours = entry.lines.filter((line) => line.of === kind);
    if (ours.length > 0) lines.push(`  ${kind}`, ...ours.map(renderLine));
  }
  return lines.map(printable).join("\n");
}

const KIND_WIDTH = 10;
const TIME_WIDTH = 24;

function renderLine({ kind, at, principal, rule, law, sentence, sourceId }: Line): string {
  const when = at === null ? "" : new Date(at).toISOString();
  const who = [principal, rule === "" ? null : rule, sourceId === null ? null : `from ${sourceId}`]
    .filter((part) => part !== null)
    .join(", ");
  return `    ${kind.padEnd(KIND_WIDTH)} ${when.padEnd(TIME_WIDTH)} ${who === "" ? "" : `${who}: `}${sentence} [law ${law}]`;
}
