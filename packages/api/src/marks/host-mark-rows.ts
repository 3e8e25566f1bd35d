import { SITE_LIMITS } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";
import { type HostMarkView, markMode, pseudoUser } from "./marks.schema.ts";

/** The site's configuration holds at most this many. */
export const HOST_MARKS_MAX = SITE_LIMITS.hostMarks;

/** The tenant's marks of computers, oldest first; of one id, or all with `null`. */
export async function readHostMarks(
  tx: TenantHandle["tx"],
  { tenantId, id }: { readonly tenantId: string; readonly id: string | null },
): Promise<HostMarkView[]> {
  const rows = await tx.hostMark.findMany({
    where: id === null ? { tenantId } : { tenantId, id },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    take: HOST_MARKS_MAX,
  });
  return rows.map(({ id: markId, under, remoteDesktopOnly, mode, note, createdAt, ...row }) => ({
    id: markId,
    under,
    remoteDesktopOnly,
    mode: markMode.parse(mode),
    pseudoUser: pseudoUser.nullable().catch(null).parse(row.pseudoUser),
    note,
    createdAt,
  }));
}
