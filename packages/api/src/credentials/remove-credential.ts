import { readSites } from "../agents/list-agents.ts";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { usersOf } from "./credential-views.ts";

export type RemoveCredentialOutcome =
  | { readonly kind: "removed" }
  | { readonly kind: "not-found" }
  | { readonly kind: "in-use"; readonly by: readonly string[] };

/** Removes a login that nothing uses, and its sealed password with it. */
export async function removeCredential(ctx: TenantContext, id: string): Promise<RemoveCredentialOutcome> {
  return change(ctx, async ({ tx, tenantId, record }): Promise<RemoveCredentialOutcome> => {
    const where = { tenantId_id: { tenantId, id } };
    const user = { select: { id: true, name: true, siteId: true } } as const;
    const before = await tx.credential.findUnique({
      where,
      include: { directories: user, eventSources: user, probes: { select: { siteId: true } } },
    });
    if (before === null) return { kind: "not-found" };
    const users = usersOf(before, await readSites(tx, tenantId));
    if (users.length > 0)
      return {
        kind: "in-use",
        by: users.map(({ kind, name, site }) => (kind === "pc-probe" ? `${name} of ${site.name}` : name)),
      };
    await tx.credential.delete({ where });
    record({
      action: "credential.remove",
      object: { kind: "credential", id, name: before.name },
      before: { name: before.name, user: before.user },
    });
    return { kind: "removed" };
  });
}
