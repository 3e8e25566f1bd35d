import type { TenantHandle } from "@rollcall/db";
import type { Topic } from "@rollcall/queue";
import type { TenantContext } from "./context.ts";
import { isPracticeStaff } from "./principal.ts";

export interface AuditedChange {
  /** Dotted, object first: "directory.add". */
  readonly action: string;
  readonly object: { readonly kind: string; readonly id: string; readonly name: string };
  /** Fields that changed, by name. Secrets never. */
  readonly before?: Readonly<Record<string, unknown>> | null;
  readonly after?: Readonly<Record<string, unknown>> | null;
  readonly reason?: string | null;
}

/** One transaction in which a tenant changes. */
export interface Change {
  readonly tx: TenantHandle["tx"];
  readonly tenantId: string;
  readonly now: Date;
  /** Writes down who did it, in this same transaction. */
  record(change: AuditedChange): void;
  /** An agent must know: the wanted configuration gets a new version and the agents are rung. */
  configurationChanged(): void;
  /** Rung after the commit. */
  ring(topic: Topic): void;
}

/**
 * Makes a change, its audit entry and the new configuration version one transaction, and rings after the commit.
 *
 * Changes of one tenant happen one after the other, so that what was checked (a name is free, a version is current) is
 * still so when it is written. An outcome without `record` has changed nothing, and nobody is rung.
 */
export async function change<T>(ctx: TenantContext, work: (change: Change) => Promise<T>): Promise<T> {
  const topics = new Set<Topic>();
  const outcome = await ctx.run(async (handle) => {
    const { tx, tenantId } = handle;
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('change:' || ${tenantId}, 0))`;
    let raisesConfiguration = false;
    const result = await work({
      tx,
      tenantId,
      now: new Date(ctx.services.now()),
      record(audited) {
        handle.audit(auditEntry(ctx, audited));
        topics.add(`portal:${tenantId}`);
      },
      configurationChanged: () => {
        raisesConfiguration = true;
      },
      ring: (topic) => void topics.add(topic),
    });
    if (raisesConfiguration) {
      await tx.customer.update({ where: { id: tenantId }, data: { configVersion: { increment: 1 } } });
      topics.add(`config:${tenantId}`);
    }
    return result;
  });
  for (const topic of topics) ctx.services.bell.ring(topic);
  return outcome;
}

export function auditEntry(
  ctx: Pick<TenantContext, "principal" | "sourceIp" | "requestId">,
  { action, object, before, after, reason }: AuditedChange,
): Parameters<TenantHandle["audit"]>[0] {
  const { principal, sourceIp, requestId } = ctx;
  return {
    actor: {
      kind: "user",
      id: principal.userId,
      name: principal.name,
      viaProvider: isPracticeStaff(principal),
    },
    action,
    object,
    result: "done",
    sourceIp,
    requestId,
    detail: { before: before ?? null, after: after ?? null, reason: reason ?? null },
  };
}

/** The fields of `after` that differ from `before`, as two records for the audit entry; null where nothing differs. */
export function difference<T extends Readonly<Record<string, unknown>>>(
  before: T,
  after: Partial<T>,
): { before: Record<string, unknown>; after: Record<string, unknown> } | null {
  const changed = Object.keys(after).filter(
    (key) => after[key] !== undefined && JSON.stringify(after[key]) !== JSON.stringify(before[key]),
  );
  if (changed.length === 0) return null;
  const pick = (from: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(changed.map((key) => [key, from[key]]));
  return { before: pick(before), after: pick(after) };
}
