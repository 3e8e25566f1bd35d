import { SITE_LIMITS } from "@rollcall/agent-protocol";
import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { addDirectoryInput, DirectoryView } from "./directories.schema.ts";
import { useCredential } from "./directory-login.ts";
import { readDirectoryViews } from "./directory-views.ts";
import { sealForCustomer, sealForSite } from "./sealed-password.ts";

export type AddDirectoryOutcome =
  | { readonly kind: "added"; readonly directory: DirectoryView }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "no-more" }
  | { readonly kind: "credential-not-found" }
  | { readonly kind: "password-needed" }
  | { readonly kind: "no-agent" }
  | { readonly kind: "name-taken" };

export async function addDirectory(
  ctx: TenantContext,
  input: z.output<typeof addDirectoryInput>,
): Promise<AddDirectoryOutcome> {
  const { customer: _, siteId, password, ...fields } = input;
  const { credentialId } = fields;
  const sealing =
    password === undefined
      ? null
      : credentialId === null
        ? await sealForSite(ctx, siteId, password)
        : await sealForCustomer(ctx, password);
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<AddDirectoryOutcome> => {
      const site = await tx.site.findUnique({
        where: { tenantId_id: { tenantId, id: siteId } },
        select: { name: true },
      });
      if (site === null) return { kind: "site-not-found" };
      if ((await tx.directory.count({ where: { tenantId, siteId } })) >= SITE_LIMITS.directories)
        return { kind: "no-more" };
      if (sealing?.kind === "no-agent") return { kind: "no-agent" };
      const others = await tx.directory.findMany({ where: { tenantId }, select: { name: true } });
      if (others.some((other) => other.name.toLowerCase() === fields.name.toLowerCase()))
        return { kind: "name-taken" };
      const typed = sealing?.sealed ?? null;
      let secretId: string | null = null;
      if (credentialId !== null) {
        const used = await useCredential({ tx, tenantId, now, record }, credentialId, fields, typed);
        if (used.kind !== "fine") return used;
      } else if (typed !== null) {
        const secret = await tx.sealedSecret.create({
          data: { tenantId, siteId, name: `directory ${fields.name}`, sealed: typed, setAt: now },
          select: { id: true },
        });
        secretId = secret.id;
      } else return { kind: "password-needed" };
      const added = await tx.directory.create({
        data: { tenantId, siteId, secretId, ...fields, createdAt: now },
        select: { id: true },
      });
      record({
        action: "directory.add",
        object: { kind: "directory", id: added.id, name: fields.name },
        after: { site: site.name, ...fields, ...(credentialId === null ? { password: "set" } : {}) },
      });
      configurationChanged();
      const [directory] = await readDirectoryViews(tx, { tenantId, id: added.id, now: now.getTime() });
      if (directory === undefined) throw new Error("read the directory that this transaction has just added");
      return { kind: "added", directory };
    },
  );
}
