import { SITE_LIMITS } from "@rollcall/agent-protocol";
import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { findBaseConfiguration, sequencesOf } from "./base-configuration-list.ts";
import { replaceSequences } from "./stored-sequences.ts";
import type { addSyslogSourceInput, syslogSourceDetail } from "./syslog.schema.ts";
import { readSyslogViews } from "./syslog-views.ts";

export type AddSyslogSourceOutcome =
  | { readonly kind: "added"; readonly source: z.infer<typeof syslogSourceDetail> }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "no-more" }
  | { readonly kind: "space-not-found" }
  | { readonly kind: "unknown-base-configuration" }
  | { readonly kind: "name-taken" };

export async function addSyslogSource(
  ctx: TenantContext,
  input: z.output<typeof addSyslogSourceInput>,
): Promise<AddSyslogSourceOutcome> {
  const { customer: _, siteId, addressSpaceId, ...fields } = input;
  const base = fields.baseConfiguration === null ? null : findBaseConfiguration(fields.baseConfiguration);
  if (fields.baseConfiguration !== null && base === null) return { kind: "unknown-base-configuration" };
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<AddSyslogSourceOutcome> => {
      const site = await tx.site.findUnique({
        where: { tenantId_id: { tenantId, id: siteId } },
        select: { name: true },
      });
      if (site === null) return { kind: "site-not-found" };
      if ((await tx.syslogSource.count({ where: { tenantId, siteId } })) >= SITE_LIMITS.syslogSources)
        return { kind: "no-more" };
      const space = await tx.addressSpace.findFirst({
        where:
          addressSpaceId === undefined ? { tenantId, isDefault: true } : { tenantId, id: addressSpaceId },
        select: { id: true },
      });
      if (space === null) return { kind: "space-not-found" };
      const others = await tx.syslogSource.findMany({ where: { tenantId }, select: { name: true } });
      if (others.some((other) => other.name.toLowerCase() === fields.name.toLowerCase()))
        return { kind: "name-taken" };
      const added = await tx.syslogSource.create({
        data: { tenantId, siteId, addressSpaceId: space.id, ...fields, createdAt: now, updatedAt: now },
        select: { id: true },
      });
      const sequences = base === null ? [] : sequencesOf(base);
      await replaceSequences(tx, { tenantId, syslogSourceId: added.id }, sequences);
      record({
        action: "syslog-source.add",
        object: { kind: "syslog-source", id: added.id, name: fields.name },
        after: { site: site.name, ...fields, sequences: sequences.length },
      });
      configurationChanged();
      const [source] = await readSyslogViews(tx, { tenantId, id: added.id, now: now.getTime() });
      if (source === undefined)
        throw new Error("read the syslog source that this transaction has just added");
      return { kind: "added", source };
    },
  );
}
