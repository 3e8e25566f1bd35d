import { eachTenant } from "./each-tenant.ts";
import type { JobDeps } from "./job-deps.ts";

const OPEN_STATES = ["queued", "sent", "running"];

/** Ends commands whose deadline has passed, so that nobody waits for an agent that never answers. */
export async function expireCommands(deps: JobDeps, signal: AbortSignal): Promise<void> {
  await eachTenant(deps, "expire commands", signal, async (tenantId) => {
    const now = new Date(deps.now());
    const { count } = await deps.database.withTenant(tenantId, ({ tx }) =>
      tx.agentCommand.updateMany({
        where: { tenantId, state: { in: OPEN_STATES }, deadline: { lte: now } },
        data: { state: "expired", message: "The agent did not answer before the deadline.", updatedAt: now },
      }),
    );
    if (count > 0) deps.bell.ring(`portal:${tenantId}`);
  });
}
