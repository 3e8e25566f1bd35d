import { keepHistoryPartitions } from "@rollcall/db";
import pg from "pg";
import { eachTenant } from "./each-tenant.ts";
import type { JobDeps } from "./job-deps.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Ended commands and refused sign-ins are looked at for so long and no longer. */
const COMMANDS_KEPT_MS = 30 * DAY_MS;
const FAILURES_KEPT_MS = DAY_MS;
/** A suggestion that nobody decided and that was not seen again for so long says nothing any more. */
const SUGGESTIONS_KEPT_MS = 30 * DAY_MS;
const HORIZON_WARN_MS = 60 * DAY_MS;
const TOMBSTONE_HOURS = { fallback: 24, min: 24, max: 168 };
const HISTORY_DAYS = { fallback: 30, min: 7, max: 365 };

/**
 * Keeps every tenant's retention, throws away what has expired, and sees to the coming months of history.
 *
 * Shape:  with the owner's URL it makes those months itself; without it it warns in time that a deployment is due.
 */
export async function keepUp(deps: JobDeps, ownerUrl: string | null, signal: AbortSignal): Promise<void> {
  await eachTenant(deps, "keep a tenant's retention", signal, (tenantId) => keepTenant(deps, tenantId));
  await deps.database.signIns.prune(new Date(deps.now() - FAILURES_KEPT_MS));
  if (ownerUrl !== null) await keepMonths(ownerUrl);
  const horizon = await deps.database.historyHorizon();
  if (horizon - deps.now() < HORIZON_WARN_MS)
    deps.log.error(
      { notAfter: new Date(horizon).toISOString(), remedy: "run npm run db:deploy as the owner role" },
      "the months of logon history end soon",
    );
}

async function keepTenant({ database, log, now }: JobDeps, tenantId: string): Promise<void> {
  const at = now();
  const settings = await database.withTenant(tenantId, async ({ tx }) => {
    await tx.enforcementToken.deleteMany({ where: { tenantId, expiresAt: { lt: new Date(at - HOUR_MS) } } });
    await tx.job.deleteMany({ where: { tenantId, expiresAt: { lt: new Date(at) } } });
    await tx.agentCommand.deleteMany({
      where: { tenantId, deadline: { lt: new Date(at - COMMANDS_KEPT_MS) } },
    });
    await tx.suggestion.deleteMany({
      where: {
        tenantId,
        state: { in: ["open", "automatic"] },
        lastSeenAt: { lt: new Date(at - SUGGESTIONS_KEPT_MS) },
      },
    });
    return (await tx.customer.findUnique({ where: { id: tenantId }, select: { settings: true } }))?.settings;
  });
  const tombstoneHours = settingOf(settings, "tombstoneHours", TOMBSTONE_HOURS);
  const historyDays = settingOf(settings, "historyDays", HISTORY_DAYS);
  const pruned = await database.ledger.prune({
    tenantId,
    before: at - tombstoneHours * HOUR_MS,
    historyBefore: at - historyDays * DAY_MS,
  });
  log.debug(
    { tenantId, count: pruned.history, dropped: pruned.observations, revision: pruned.floorRevision },
    "retention kept",
  );
}

/** A number of the tenant's settings within its bounds; what is absent or no number is the default. */
function settingOf(
  settings: unknown,
  name: string,
  bounds: { fallback: number; min: number; max: number },
): number {
  const value =
    typeof settings === "object" && settings !== null
      ? (settings as Record<string, unknown>)[name]
      : undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) return bounds.fallback;
  return Math.min(bounds.max, Math.max(bounds.min, value));
}

async function keepMonths(ownerUrl: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await keepHistoryPartitions(owner);
  } finally {
    await owner.end();
  }
}
