import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { type ChangedMeanwhile, changedMeanwhile } from "../meanwhile.ts";
import { probeVersion, readProbeViews } from "./probe-views.ts";
import type { ProbeView, setProbeInput } from "./probes.schema.ts";

export type SetProbeOutcome =
  | { readonly kind: "set"; readonly probe: ProbeView }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "space-not-found" }
  | { readonly kind: "credential-not-found" }
  | { readonly kind: "asks-nowhere" }
  | { readonly kind: "asks-as-nobody" }
  | ChangedMeanwhile;

/** A site has one probe: saving makes it or changes it. Switched on, it has somewhere to ask and somebody to ask as. */
export async function setProbe(
  ctx: TenantContext,
  input: z.output<typeof setProbeInput>,
): Promise<SetProbeOutcome> {
  const { customer: _, siteId, addressSpaceId, credentialIds, version, ...fields } = input;
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<SetProbeOutcome> => {
      const site = await tx.site.findUnique({
        where: { tenantId_id: { tenantId, id: siteId } },
        select: { name: true },
      });
      if (site === null) return { kind: "site-not-found" };
      const where = { tenantId_siteId: { tenantId, siteId } };
      const before = await tx.pcProbe.findUnique({
        where,
        include: { credentials: { orderBy: { ordinal: "asc" } } },
      });
      const overtaken = await changedMeanwhile(
        ctx,
        { tx, tenantId },
        {
          version,
          present: before && probeVersion(before),
          subject: `The PC probe of ${site.name} was`,
          audited: { kind: "probe", id: siteId, actions: ["probe.add", "probe.update", "probe.remove"] },
        },
      );
      if (overtaken !== null) return overtaken;
      const wantedSpace = addressSpaceId ?? before?.addressSpaceId;
      const space = await tx.addressSpace.findFirst({
        where: wantedSpace === undefined ? { tenantId, isDefault: true } : { tenantId, id: wantedSpace },
        select: { id: true },
      });
      if (space === null) return { kind: "space-not-found" };
      const logins = await tx.credential.findMany({
        where: { tenantId, id: { in: credentialIds } },
        select: { id: true, name: true },
      });
      if (logins.length !== credentialIds.length) return { kind: "credential-not-found" };
      if (fields.enabled && fields.include.length === 0) return { kind: "asks-nowhere" };
      if (fields.enabled && credentialIds.length === 0) return { kind: "asks-as-nobody" };

      const after = {
        ...fields,
        onEventWithoutUser: fields.onEventWithoutUser ?? before?.onEventWithoutUser ?? true,
        lifetimeMinutes: fields.lifetimeMinutes ?? before?.lifetimeMinutes ?? 480,
        addressSpaceId: space.id,
      };
      const held = before?.credentials.map(({ credentialId }) => credentialId) ?? [];
      const changed = difference<Record<string, unknown>>(
        before === null ? {} : { ...before, credentialIds: held },
        { ...after, credentialIds },
      );
      if (changed !== null) {
        await tx.pcProbe.upsert({
          where,
          create: { tenantId, siteId, ...after, createdAt: now, updatedAt: now },
          update: { ...after, updatedAt: now },
        });
        await tx.pcProbeCredential.deleteMany({ where: { tenantId, siteId } });
        await tx.pcProbeCredential.createMany({
          data: credentialIds.map((credentialId, index) => ({
            tenantId,
            siteId,
            credentialId,
            ordinal: index + 1,
          })),
        });
        record({
          action: before === null ? "probe.add" : "probe.update",
          object: { kind: "probe", id: siteId, name: `PC probe, ${site.name}` },
          before: before === null ? null : changed.before,
          after: changed.after,
        });
        configurationChanged();
      }
      const [probe] = await readProbeViews(tx, { tenantId, siteId, now: now.getTime() });
      if (probe === undefined) throw new Error("read the probe that this transaction has just written");
      return { kind: "set", probe };
    },
  );
}
