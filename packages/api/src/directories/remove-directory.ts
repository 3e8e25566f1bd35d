import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";

export type RemoveDirectoryOutcome = { readonly kind: "removed" } | { readonly kind: "not-found" };

/** Removes a directory and its sealed password. What it told of people stays until another directory says otherwise. */
export async function removeDirectory(ctx: TenantContext, id: string): Promise<RemoveDirectoryOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, record, configurationChanged }): Promise<RemoveDirectoryOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.directory.findUnique({ where });
      if (before === null) return { kind: "not-found" };
      await tx.directory.delete({ where });
      if (before.secretId !== null)
        await tx.sealedSecret.delete({ where: { tenantId_id: { tenantId, id: before.secretId } } });
      const { name, host, port, tls, bindUser } = before;
      record({
        action: "directory.remove",
        object: { kind: "directory", id, name },
        before: { name, host, port, tls, bindUser },
      });
      configurationChanged();
      return { kind: "removed" };
    },
  );
}
