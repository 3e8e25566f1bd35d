import { commandResult, tailLine } from "@rollcall/agent-protocol";
import { z } from "zod";
import type { TenantContext } from "../context.ts";
import { type CommandView, commandView } from "./commands.schema.ts";
import { COMMAND_PERMISSIONS } from "./start-command.ts";

/** An agent tells where it is in a sentence, and a tail may hand over lines before its end. */
const progressShape = z.looseObject({
  sentence: z.string().optional().catch(undefined),
  lines: z.array(tailLine).catch([]),
});
const OPEN_STATES: readonly string[] = ["queued", "sent", "running"];

/** A command and what has come of it; null where there is none, or of a kind that the person may not see. */
export async function readCommand(ctx: TenantContext, id: string): Promise<CommandView | null> {
  const row = await ctx.run(({ tx, tenantId }) =>
    tx.agentCommand.findUnique({
      where: { tenantId_id: { tenantId, id } },
      include: { agent: { select: { id: true, name: true } } },
    }),
  );
  if (row === null) return null;
  const kind = commandView.shape.kind.parse(row.kind);
  if (!ctx.permissions.has(COMMAND_PERMISSIONS[kind])) return null;
  // The worker writes `expired` down a little later; a person need not wait for it.
  const isOverdue = OPEN_STATES.includes(row.state) && row.deadline.getTime() <= ctx.services.now();
  const result = commandResult.safeParse(row.result);
  const progress = progressShape.safeParse(row.progress);
  const ended = result.success && result.data.kind === "tail" ? result.data.lines : null;
  const soFar = progress.success ? progress.data.lines : [];
  return {
    id: row.id,
    kind,
    agent: row.agent,
    state: isOverdue ? "expired" : commandView.shape.state.parse(row.state),
    createdAt: row.createdAt,
    deadline: row.deadline,
    progress: progress.success ? (progress.data.sentence ?? null) : null,
    lines: (ended ?? soFar).slice(-200),
    result: result.success ? result.data : null,
    message: row.message ?? (isOverdue ? `${row.agent.name} did not answer in time.` : null),
  };
}
