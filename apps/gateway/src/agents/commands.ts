import { commandUpdate, readMessage } from "@rollcall/agent-protocol";
import type { Database } from "@rollcall/db";
import type { Logger } from "@rollcall/observability";
import type { DeviceRings } from "../process/device-rings.ts";
import type { AdmittedAgent } from "./agent-door.ts";
import { type Answer, nothing, ok, refuse, unreadable } from "./answer.ts";
import { waitFor, waitMsOf } from "./long-poll.ts";

const POLL_MS = 2000;
const COMMANDS_AT_ONCE = 10;
const OPEN_STATES = ["queued", "sent", "running"];

export interface CommandDeps {
  readonly database: Database;
  readonly rings: DeviceRings;
  readonly log: Logger;
  readonly now: () => number;
}

interface Claimed {
  readonly id: string;
  readonly deadline: number;
  readonly command: unknown;
}

/** GET /v1/commands: what people asked of this agent, each handed out once. */
export async function commands(
  deps: CommandDeps,
  agent: AdmittedAgent,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Answer> {
  const { tenantId, agentId } = agent;
  const claimed = await waitFor<Claimed[]>({
    bell: deps.rings,
    topic: `commands:${tenantId}`,
    waitMs: waitMsOf(query),
    pollMs: POLL_MS,
    signal,
    look: () => claim(deps, agent),
  });
  if (!claimed) return nothing;
  deps.rings.portal(tenantId);
  return {
    ...ok({ commands: claimed }),
    // The agent went away before it had them: the next poll gets them.
    undelivered: async () => {
      await deps.database.withTenant(tenantId, ({ tx }) =>
        tx.agentCommand.updateMany({
          where: { tenantId, agentId, id: { in: claimed.map(({ id }) => id) }, state: "sent" },
          data: { state: "queued", updatedAt: new Date(deps.now()) },
        }),
      );
    },
  };
}

async function claim(deps: CommandDeps, { tenantId, agentId }: AdmittedAgent): Promise<Claimed[] | null> {
  const now = new Date(deps.now());
  return deps.database.withTenant(tenantId, async ({ tx }) => {
    const waiting = await tx.agentCommand.findMany({
      where: { tenantId, agentId, state: "queued", deadline: { gt: now } },
      orderBy: [{ createdAt: "asc" }, { id: "asc" }],
      take: COMMANDS_AT_ONCE,
      select: { id: true },
    });
    if (waiting.length === 0) return null;
    // Two polls of one agent may look at once; the state in the condition gives each command to one of them.
    const rows = await tx.agentCommand.updateManyAndReturn({
      where: { tenantId, agentId, state: "queued", id: { in: waiting.map(({ id }) => id) } },
      data: { state: "sent", updatedAt: now },
    });
    if (rows.length === 0) return null;
    return rows
      .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
      .map((row) => ({ id: row.id, deadline: row.deadline.getTime(), command: row.command }));
  });
}

/** POST /v1/commands/{id}: progress, result, fault or refusal of one command of this agent. */
export async function commandAnswered(
  deps: CommandDeps,
  agent: AdmittedAgent,
  commandId: string,
  text: string,
): Promise<Answer> {
  const read = readMessage(commandUpdate, text);
  if (read.kind === "unreadable") return unreadable(read.reason, read.issues);
  const update = read.message;
  const { tenantId, agentId } = agent;
  const now = new Date(deps.now());
  const outcome = await deps.database.withTenant(tenantId, async ({ tx }) => {
    const changed = await tx.agentCommand.updateMany({
      where: { tenantId, agentId, id: commandId, state: { in: OPEN_STATES }, deadline: { gt: now } },
      data: { ...fieldsOf(update), state: update.state, updatedAt: now },
    });
    if (changed.count > 0) return "taken";
    const row = await tx.agentCommand.findFirst({ where: { tenantId, agentId, id: commandId } });
    if (!row) return "unknown";
    // A repeat of the last word, whose answer was lost, is no fault.
    return row.state === update.state ? "taken" : "over";
  });
  if (outcome === "unknown")
    return refuse(404, { code: "command-unknown", message: "This agent has no command of that id." });
  if (outcome === "over")
    return refuse(410, {
      code: "command-over",
      message: "The command is over: its deadline has passed or it has its result.",
    });
  deps.log.info({ tenantId, agentId, commandId, state: update.state }, "command answered");
  deps.rings.portal(tenantId);
  return nothing;
}

function fieldsOf(update: ReturnType<typeof commandUpdate.parse>) {
  switch (update.state) {
    case "running":
      return { progress: storable(update.progress) };
    case "done":
      return { result: storable(update.result) };
    case "failed":
      return { message: `${update.message} (${update.code})` };
    case "refused":
      return { message: update.message };
  }
}

/** JSON as it came; the column's own null means "none". */
function storable(value: unknown): object {
  return typeof value === "object" && value !== null ? value : { value: value ?? null };
}

/** Ends commands whose deadline has passed; gives how many. */
export async function expireCommands(deps: CommandDeps, tenantId: string): Promise<number> {
  const now = new Date(deps.now());
  const expired = await deps.database.withTenant(tenantId, ({ tx }) =>
    tx.agentCommand.updateMany({
      where: { tenantId, state: { in: OPEN_STATES }, deadline: { lte: now } },
      data: { state: "expired", message: "The agent did not answer before the deadline.", updatedAt: now },
    }),
  );
  if (expired.count > 0) deps.rings.portal(tenantId);
  return expired.count;
}
