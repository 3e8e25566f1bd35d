import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { type ChangedMeanwhile, changedMeanwhile, removedMeanwhile, versionOf } from "../meanwhile.ts";
import { findPlaces } from "./places.ts";
import { POINT_EDITED } from "./point-rows.ts";
import type { pointDetail, updatePointInput } from "./points.schema.ts";
import { profileName } from "./profile-choice.ts";
import { readPointDetail } from "./read-point.ts";

export type UpdatePointOutcome =
  | { readonly kind: "updated"; readonly point: z.infer<typeof pointDetail> }
  | { readonly kind: "not-found" }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "space-not-found" }
  | { readonly kind: "no-profile" }
  | { readonly kind: "pushed-at-site" }
  | { readonly kind: "name-taken" }
  | ChangedMeanwhile;

/** Changes what is named. A paused point's tokens end at once, so that it is not answered any more. */
export async function updatePoint(
  ctx: TenantContext,
  { id, changes, version }: z.output<typeof updatePointInput>,
): Promise<UpdatePointOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<UpdatePointOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.enforcementPoint.findUnique({ where });
      if (before === null) {
        const removed = await removedMeanwhile(
          ctx,
          { tx, tenantId },
          { version, kind: "enforcement-point", id },
        );
        return removed ?? { kind: "not-found" };
      }
      const overtaken = await changedMeanwhile(
        ctx,
        { tx, tenantId },
        {
          version,
          present: versionOf(before, POINT_EDITED),
          subject: `${before.name} was`,
          audited: { kind: "enforcement-point", id, actions: ["point.update"] },
        },
      );
      if (overtaken !== null) return overtaken;
      const siteId = changes.siteId === undefined ? before.siteId : changes.siteId;
      const addressSpaceIds = changes.addressSpaceIds ?? before.addressSpaceIds;
      const places = await findPlaces({ tx, tenantId }, { siteId, addressSpaceIds });
      if (places.kind !== "found") return places;
      if (changes.profile !== undefined && (await profileName({ tx, tenantId }, changes.profile)) === null)
        return { kind: "no-profile" };
      // Its password is sealed to the agents of the site where it is now.
      if (siteId !== before.siteId && before.push !== null && before.pushFrom === "agent")
        return { kind: "pushed-at-site" };
      const others = await tx.enforcementPoint.findMany({
        where: { tenantId, id: { not: id } },
        select: { name: true },
      });
      if (others.some((other) => other.name.toLowerCase() === changes.name?.toLowerCase()))
        return { kind: "name-taken" };
      const changed = difference(before, changes);
      if (changed !== null) {
        await tx.enforcementPoint.update({ where, data: { ...changes, updatedAt: now } });
        if (changes.enabled === false)
          await tx.enforcementToken.deleteMany({ where: { tenantId, enforcementPointId: id } });
        record({
          action: "point.update",
          object: { kind: "enforcement-point", id, name: changes.name ?? before.name },
          ...changed,
        });
        configurationChanged();
      }
      const point = await readPointDetail(ctx, { tx, tenantId, id });
      return point === null ? { kind: "not-found" } : { kind: "updated", point };
    },
  );
}
