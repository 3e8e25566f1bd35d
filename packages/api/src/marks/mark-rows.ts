import { SITE_LIMITS } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";
import { type MarkView, mark, markMode, pseudoUser } from "./marks.schema.ts";

type Tx = TenantHandle["tx"];

/** The site's configuration holds at most this many. */
export const MARKS_MAX = SITE_LIMITS.addressMarks;

/** The tenant's marks, oldest first; of one id, or all with `null`. */
export async function readMarks(
  tx: Tx,
  { tenantId, id }: { readonly tenantId: string; readonly id: string | null },
): Promise<MarkView[]> {
  const rows = await tx.addressMark.findMany({
    where: id === null ? { tenantId } : { tenantId, id },
    include: { addressSpace: { select: { id: true, name: true } } },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    take: MARKS_MAX,
  });
  return rows.map((row) => ({
    id: row.id,
    addressSpace: row.addressSpace,
    range: row.range,
    mark: mark.parse(row.mark),
    mode: markMode.parse(row.mode),
    pseudoUser: pseudoUser.nullable().catch(null).parse(row.pseudoUser),
    note: row.note,
    createdAt: row.createdAt,
  }));
}
