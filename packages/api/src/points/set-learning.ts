import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { learnInput, pointDetail } from "./points.schema.ts";
import { readPointDetail } from "./read-point.ts";

export type SetLearningOutcome =
  | { readonly kind: "set"; readonly point: z.infer<typeof pointDetail> }
  | { readonly kind: "not-found" };

/** Lets agents and cloud try one profile after the other at this firewall, for so long; with 0 hours not any more. */
export async function setLearning(
  ctx: TenantContext,
  { id, hours }: z.output<typeof learnInput>,
): Promise<SetLearningOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<SetLearningOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.enforcementPoint.findUnique({
        where,
        select: { name: true, learnUntil: true },
      });
      if (before === null) return { kind: "not-found" };
      const learnUntil = hours === 0 ? null : new Date(now.getTime() + hours * 3_600_000);
      if (learnUntil !== null || before.learnUntil !== null) {
        await tx.enforcementPoint.update({ where, data: { learnUntil, updatedAt: now } });
        record({
          action: hours === 0 ? "point.learn.stop" : "point.learn.start",
          object: { kind: "enforcement-point", id, name: before.name },
          before: { learnUntil: before.learnUntil },
          after: { learnUntil },
        });
        configurationChanged();
      }
      const point = await readPointDetail(ctx, { tx, tenantId, id });
      return point === null ? { kind: "not-found" } : { kind: "set", point };
    },
  );
}
