import { SITE_LIMITS } from "@rollcall/agent-protocol";
import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { checkEventSource, type EventSourceFault } from "./check-event-source.ts";
import { readEventSourceViews } from "./event-source-views.ts";
import type { addEventSourceInput, EventSourceView } from "./event-sources.schema.ts";

export type AddEventSourceOutcome =
  | { readonly kind: "added"; readonly source: EventSourceView }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "no-more" }
  | EventSourceFault;

export async function addEventSource(
  ctx: TenantContext,
  input: z.output<typeof addEventSourceInput>,
): Promise<AddEventSourceOutcome> {
  const { customer: _, siteId, addressSpaceId, ...fields } = input;
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<AddEventSourceOutcome> => {
      const site = await tx.site.findUnique({
        where: { tenantId_id: { tenantId, id: siteId } },
        select: { name: true },
      });
      if (site === null) return { kind: "site-not-found" };
      if ((await tx.eventSource.count({ where: { tenantId, siteId } })) >= SITE_LIMITS.eventSources)
        return { kind: "no-more" };
      const checked = await checkEventSource({ tx, tenantId }, { ...fields, addressSpaceId }, null);
      if (checked.kind !== "fine") return checked;
      const { id } = await tx.eventSource.create({
        data: {
          tenantId,
          siteId,
          addressSpaceId: checked.addressSpaceId,
          ...fields,
          createdAt: now,
          updatedAt: now,
        },
        select: { id: true },
      });
      record({
        action: "event-source.add",
        object: { kind: "event-source", id, name: fields.name },
        after: { site: site.name, ...fields },
      });
      configurationChanged();
      const [source] = await readEventSourceViews(tx, { tenantId, id, now: now.getTime() });
      if (source === undefined) throw new Error("read the event log that this transaction has just added");
      return { kind: "added", source };
    },
  );
}
