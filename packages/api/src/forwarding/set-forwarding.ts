import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { type ChangedMeanwhile, changedMeanwhile, versionOf } from "../meanwhile.ts";
import type { ForwardingView, setForwardingInput } from "./forwarding.schema.ts";
import { FORWARDING_EDITED, readForwardingViews } from "./forwarding-views.ts";

export type SetForwardingOutcome =
  | { readonly kind: "set"; readonly receiver: ForwardingView }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "space-not-found" }
  | { readonly kind: "rule-on-and-off"; readonly rule: string }
  | ChangedMeanwhile;

/** A site has one place to forward events to: saving makes it or changes it. */
export async function setForwarding(
  ctx: TenantContext,
  input: z.output<typeof setForwardingInput>,
): Promise<SetForwardingOutcome> {
  const { customer: _, siteId, addressSpaceId, version, ...said } = input;
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<SetForwardingOutcome> => {
      const site = await tx.site.findUnique({
        where: { tenantId_id: { tenantId, id: siteId } },
        select: { name: true },
      });
      if (site === null) return { kind: "site-not-found" };
      const where = { tenantId_siteId: { tenantId, siteId } };
      const before = await tx.wefReceiver.findUnique({ where });
      const overtaken = await changedMeanwhile(
        ctx,
        { tx, tenantId },
        {
          version,
          present: before && versionOf(before, FORWARDING_EDITED),
          subject: `Event forwarding of ${site.name} was`,
          audited: {
            kind: "forwarding",
            ...(before === null ? { nameEnd: `, ${site.name}` } : { id: before.id }),
            actions: before === null ? ["forwarding.remove"] : ["forwarding.add", "forwarding.update"],
          },
        },
      );
      if (overtaken !== null) return overtaken;
      const fields = { ...said, name: said.name ?? before?.name ?? "Event forwarding" };
      const wantedSpace = addressSpaceId ?? before?.addressSpaceId;
      const space = await tx.addressSpace.findFirst({
        where: wantedSpace === undefined ? { tenantId, isDefault: true } : { tenantId, id: wantedSpace },
        select: { id: true },
      });
      if (space === null) return { kind: "space-not-found" };
      const rule = fields.rulesOn.find((id) => fields.rulesOff.includes(id));
      if (rule !== undefined) return { kind: "rule-on-and-off", rule };
      const after = { ...fields, addressSpaceId: space.id };
      const changed = before === null ? { after } : difference<Record<string, unknown>>({ ...before }, after);
      if (changed !== null) {
        const { id } = await tx.wefReceiver.upsert({
          where,
          create: { tenantId, siteId, ...after, createdAt: now, updatedAt: now },
          update: { ...after, updatedAt: now },
          select: { id: true },
        });
        record({
          action: before === null ? "forwarding.add" : "forwarding.update",
          object: { kind: "forwarding", id, name: `${fields.name}, ${site.name}` },
          ...changed,
        });
        configurationChanged();
      }
      const [receiver] = await readForwardingViews(tx, { tenantId, siteId, now: now.getTime() });
      if (receiver === undefined) throw new Error("read the receiver that this transaction has just written");
      return { kind: "set", receiver };
    },
  );
}
