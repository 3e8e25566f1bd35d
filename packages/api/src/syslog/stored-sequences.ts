import { randomUUID } from "node:crypto";
import type { TenantHandle } from "@rollcall/db";
import type { SequenceFields } from "./syslog.schema.ts";

/** Replaces a source's sequences. One that was saved before keeps its id: its sessions name it. */
export async function replaceSequences(
  tx: TenantHandle["tx"],
  { tenantId, syslogSourceId }: { readonly tenantId: string; readonly syslogSourceId: string },
  sequences: readonly (SequenceFields & { readonly id?: string | undefined })[],
): Promise<void> {
  const own = await tx.syslogSequence.findMany({ where: { tenantId, syslogSourceId }, select: { id: true } });
  const known = new Set(own.map((sequence) => sequence.id));
  await tx.syslogSequence.deleteMany({ where: { tenantId, syslogSourceId } });
  const used = new Set<string>();
  const data = sequences.map(({ id, ...fields }, index) => {
    const kept = id !== undefined && known.has(id) && !used.has(id) ? id : randomUUID();
    used.add(kept);
    return { ...fields, id: kept, tenantId, syslogSourceId, ordinal: index + 1 };
  });
  await tx.syslogSequence.createMany({ data });
}
