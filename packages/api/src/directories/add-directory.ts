import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { addDirectoryInput, DirectoryView } from "./directories.schema.ts";
import { readDirectoryViews } from "./directory-views.ts";
import { sealForSite } from "./sealed-password.ts";

export type AddDirectoryOutcome =
  | { readonly kind: "added"; readonly directory: DirectoryView }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "no-agent" }
  | { readonly kind: "name-taken" };

export async function addDirectory(
  ctx: TenantContext,
  input: z.output<typeof addDirectoryInput>,
): Promise<AddDirectoryOutcome> {
  const { customer: _, siteId, password, ...fields } = input;
  const sealing = await sealForSite(ctx, siteId, password);
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<AddDirectoryOutcome> => {
      const site = await tx.site.findUnique({
        where: { tenantId_id: { tenantId, id: siteId } },
        select: { name: true },
      });
      if (site === null) return { kind: "site-not-found" };
      if (sealing.kind === "no-agent") return { kind: "no-agent" };
      const others = await tx.directory.findMany({ where: { tenantId }, select: { name: true } });
      if (others.some((other) => other.name.toLowerCase() === fields.name.toLowerCase()))
        return { kind: "name-taken" };
      const secret = await tx.sealedSecret.create({
        data: { tenantId, siteId, name: `directory ${fields.name}`, sealed: sealing.sealed, setAt: now },
        select: { id: true },
      });
      const added = await tx.directory.create({
        data: { tenantId, siteId, secretId: secret.id, ...fields, createdAt: now },
        select: { id: true },
      });
      record({
        action: "directory.add",
        object: { kind: "directory", id: added.id, name: fields.name },
        after: { site: site.name, ...fields, password: "set" },
      });
      configurationChanged();
      const [directory] = await readDirectoryViews(tx, { tenantId, id: added.id, now: now.getTime() });
      if (directory === undefined) throw new Error("read the directory that this transaction has just added");
      return { kind: "added", directory };
    },
  );
}
