import type { JobDeps } from "./job-deps.ts";

/** Does a piece of work for each tenant in turn. One tenant's fault is reported and does not keep it from the others. */
export async function eachTenant(
  deps: JobDeps,
  attempted: string,
  signal: AbortSignal,
  work: (tenantId: string) => Promise<void>,
): Promise<void> {
  for (const tenantId of await deps.database.tenantIds()) {
    if (signal.aborted) return;
    await work(tenantId).catch((error: unknown) => deps.report(error, { attempted, fields: { tenantId } }));
  }
}
