import type { Prisma, TenantHandle } from "@rollcall/db";
import { z } from "zod";
import type { TenantContext } from "../context.ts";
import type { auditEntryView, auditListInput, auditPage } from "./audit.schema.ts";

const record = z.record(z.string(), z.unknown()).nullable().catch(null);
const detailShape = z.object({ before: record, after: record, reason: z.string().nullable().catch(null) });

/** The audit log, newest first, filtered and paged by the server. */
export async function listAudit(
  ctx: TenantContext,
  input: z.output<typeof auditListInput>,
): Promise<z.infer<typeof auditPage>> {
  const rows = await ctx.run(({ tx, tenantId }) =>
    findEntries(tx, filterOf(tenantId, input), input.limit + 1),
  );
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  return {
    items: page.map(entryView),
    next: rows.length > input.limit && last !== undefined ? last.n.toString() : null,
    asOf: new Date(ctx.services.now()),
  };
}

function filterOf(tenantId: string, input: z.output<typeof auditListInput>): Prisma.AuditEntryWhereInput {
  const { actor, action, objectKind, objectId, result, from, to } = input;
  return {
    tenantId,
    ...(input.cursor && /^\d{1,18}$/.test(input.cursor) ? { n: { lt: BigInt(input.cursor) } } : {}),
    ...(actor ? { actorName: { contains: actor, mode: "insensitive" } } : {}),
    ...(action ? { action: action.endsWith(".") ? { startsWith: action } : { equals: action } } : {}),
    ...(objectKind ? { objectKind } : {}),
    ...(objectId ? { objectId } : {}),
    ...(result ? { result } : {}),
    ...(from || to ? { at: { ...(from ? { gte: from } : {}), ...(to ? { lte: to } : {}) } } : {}),
  };
}

function findEntries(tx: TenantHandle["tx"], where: Prisma.AuditEntryWhereInput, take: number) {
  return tx.auditEntry.findMany({ where, orderBy: { n: "desc" }, take, include: { detail: true } });
}

function entryView(row: Awaited<ReturnType<typeof findEntries>>[number]): z.infer<typeof auditEntryView> {
  const detail = detailShape.safeParse(row.detail?.detail);
  return {
    n: Number(row.n),
    at: row.at,
    actor: { kind: row.actorKind, id: row.actorId, name: row.actorName, viaProvider: row.viaProvider },
    action: row.action,
    object: { kind: row.objectKind, id: row.objectId, name: row.objectName },
    result: row.result,
    sourceIp: row.sourceIp,
    requestId: row.requestId,
    before: detail.success ? detail.data.before : null,
    after: detail.success ? detail.data.after : null,
    reason: detail.success ? detail.data.reason : null,
    hash: row.hash,
  };
}
