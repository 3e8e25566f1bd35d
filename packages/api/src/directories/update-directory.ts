import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { DirectoryView, updateDirectoryInput } from "./directories.schema.ts";
import { readDirectoryViews } from "./directory-views.ts";
import { sealForSite } from "./sealed-password.ts";

export type UpdateDirectoryOutcome =
  | { readonly kind: "updated"; readonly directory: DirectoryView }
  | { readonly kind: "not-found" }
  | { readonly kind: "no-agent" }
  | { readonly kind: "password-needed" }
  | { readonly kind: "name-taken" };

/** Where the stored password goes and whose it is. A change of one of these asks for the password again. */
const BOUND_TO_PASSWORD = [
  "host",
  "port",
  "tls",
  "caPem",
  "dangerouslyTrustAnyCertificate",
  "bindUser",
] as const;

export async function updateDirectory(
  ctx: TenantContext,
  { id, changes }: z.output<typeof updateDirectoryInput>,
): Promise<UpdateDirectoryOutcome> {
  const { password, ...fields } = changes;
  const present = await ctx.run(({ tx, tenantId }) =>
    tx.directory.findUnique({ where: { tenantId_id: { tenantId, id } }, select: { siteId: true } }),
  );
  if (present === null) return { kind: "not-found" };
  const sealing = password === undefined ? null : await sealForSite(ctx, present.siteId, password);
  if (sealing?.kind === "no-agent") return { kind: "no-agent" };

  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<UpdateDirectoryOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.directory.findUnique({ where });
      if (before === null) return { kind: "not-found" };
      const changed = difference(before, fields);
      const movesPassword = BOUND_TO_PASSWORD.some((field) => changed !== null && field in changed.after);
      if (movesPassword && sealing === null) return { kind: "password-needed" };
      if (fields.name !== undefined && (await isNameTaken(tx, tenantId, id, fields.name)))
        return { kind: "name-taken" };
      if (sealing !== null)
        await tx.sealedSecret.update({
          where: { tenantId_id: { tenantId, id: before.secretId } },
          data: { sealed: sealing.sealed, setAt: now },
        });
      if (changed !== null) await tx.directory.update({ where, data: { ...fields, updatedAt: now } });
      if (changed !== null || sealing !== null) {
        record({
          action: "directory.update",
          object: { kind: "directory", id, name: fields.name ?? before.name },
          before: changed?.before ?? {},
          after: { ...changed?.after, ...(sealing === null ? {} : { password: "set" }) },
        });
        configurationChanged();
      }
      const [directory] = await readDirectoryViews(tx, { tenantId, id, now: now.getTime() });
      return directory === undefined ? { kind: "not-found" } : { kind: "updated", directory };
    },
  );
}

async function isNameTaken(
  tx: Parameters<typeof readDirectoryViews>[0],
  tenantId: string,
  id: string,
  name: string,
): Promise<boolean> {
  const others = await tx.directory.findMany({
    where: { tenantId, id: { not: id } },
    select: { name: true },
  });
  return others.some((other) => other.name.toLowerCase() === name.toLowerCase());
}
