import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { type ChangedMeanwhile, changedMeanwhile, removedMeanwhile, versionOf } from "../meanwhile.ts";
import type { syslogSourceDetail, updateSyslogSourceInput } from "./syslog.schema.ts";
import { readSyslogViews, SYSLOG_SETTINGS } from "./syslog-views.ts";

export type UpdateSyslogSourceOutcome =
  | { readonly kind: "updated"; readonly source: z.infer<typeof syslogSourceDetail> }
  | { readonly kind: "not-found" }
  | { readonly kind: "name-taken" }
  | ChangedMeanwhile;

export async function updateSyslogSource(
  ctx: TenantContext,
  { id, changes, version }: z.output<typeof updateSyslogSourceInput>,
): Promise<UpdateSyslogSourceOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<UpdateSyslogSourceOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.syslogSource.findUnique({ where });
      if (before === null) {
        const removed = await removedMeanwhile(ctx, { tx, tenantId }, { version, kind: "syslog-source", id });
        return removed ?? { kind: "not-found" };
      }
      const overtaken = await changedMeanwhile(
        ctx,
        { tx, tenantId },
        {
          version,
          present: versionOf(before, SYSLOG_SETTINGS),
          subject: `${before.name} was`,
          audited: { kind: "syslog-source", id, actions: ["syslog-source.update"] },
        },
      );
      if (overtaken !== null) return overtaken;
      const wanted = changes.name?.toLowerCase();
      const others = await tx.syslogSource.findMany({
        where: { tenantId, id: { not: id } },
        select: { name: true },
      });
      if (others.some((other) => other.name.toLowerCase() === wanted)) return { kind: "name-taken" };
      const changed = difference(before, changes);
      if (changed !== null) {
        await tx.syslogSource.update({ where, data: { ...changes, updatedAt: now } });
        record({
          action: "syslog-source.update",
          object: { kind: "syslog-source", id, name: changes.name ?? before.name },
          ...changed,
        });
        configurationChanged();
      }
      const [source] = await readSyslogViews(tx, { tenantId, id, now: now.getTime() });
      return source === undefined ? { kind: "not-found" } : { kind: "updated", source };
    },
  );
}
