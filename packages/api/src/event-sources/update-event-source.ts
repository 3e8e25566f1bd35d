import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { type ChangedMeanwhile, changedMeanwhile, removedMeanwhile, versionOf } from "../meanwhile.ts";
import { checkEventSource, type EventSourceFault } from "./check-event-source.ts";
import { EVENT_SOURCE_EDITED, readEventSourceViews } from "./event-source-views.ts";
import type { EventSourceView, updateEventSourceInput } from "./event-sources.schema.ts";

export type UpdateEventSourceOutcome =
  | { readonly kind: "updated"; readonly source: EventSourceView }
  | { readonly kind: "not-found" }
  | ChangedMeanwhile
  | EventSourceFault;

export async function updateEventSource(
  ctx: TenantContext,
  { id, changes, version }: z.output<typeof updateEventSourceInput>,
): Promise<UpdateEventSourceOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<UpdateEventSourceOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.eventSource.findUnique({ where });
      if (before === null) {
        const removed = await removedMeanwhile(ctx, { tx, tenantId }, { version, kind: "event-source", id });
        return removed ?? { kind: "not-found" };
      }
      const overtaken = await changedMeanwhile(
        ctx,
        { tx, tenantId },
        {
          version,
          present: versionOf(before, EVENT_SOURCE_EDITED),
          subject: `${before.name} was`,
          audited: { kind: "event-source", id, actions: ["event-source.update"] },
        },
      );
      if (overtaken !== null) return overtaken;
      const checked = await checkEventSource(
        { tx, tenantId },
        {
          name: changes.name ?? before.name,
          kind: changes.kind ?? before.kind,
          channelPath: changes.channelPath === undefined ? before.channelPath : changes.channelPath,
          host: changes.host ?? before.host,
          credentialId: changes.credentialId ?? before.credentialId,
          addressSpaceId: changes.addressSpaceId ?? before.addressSpaceId,
          rulesOff: changes.rulesOff ?? before.rulesOff,
          rulesOn: changes.rulesOn ?? before.rulesOn,
        },
        id,
      );
      if (checked.kind !== "fine") return checked;
      const changed = difference<Record<string, unknown>>(before, changes);
      if (changed !== null) {
        await tx.eventSource.update({ where, data: { ...changes, updatedAt: now } });
        record({
          action: "event-source.update",
          object: { kind: "event-source", id, name: changes.name ?? before.name },
          ...changed,
        });
        configurationChanged();
      }
      const [source] = await readEventSourceViews(tx, { tenantId, id, now: now.getTime() });
      return source === undefined ? { kind: "not-found" } : { kind: "updated", source };
    },
  );
}
