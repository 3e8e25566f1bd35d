import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { type ChangedMeanwhile, changedMeanwhile, removedMeanwhile } from "../meanwhile.ts";
import type { DirectoryView, updateDirectoryInput } from "./directories.schema.ts";
import { useCredential } from "./directory-login.ts";
import { directoryVersion, readDirectoryViews } from "./directory-views.ts";
import { sealForCustomer, sealForSite } from "./sealed-password.ts";

export type UpdateDirectoryOutcome =
  | { readonly kind: "updated"; readonly directory: DirectoryView }
  | { readonly kind: "not-found" }
  | { readonly kind: "credential-not-found" }
  | { readonly kind: "no-agent" }
  | { readonly kind: "password-needed" }
  | { readonly kind: "name-taken" }
  | ChangedMeanwhile;

/** Where the stored password goes and whose it is. A change of one of these asks for the password again. */
const BOUND_TO_PASSWORD = [
  "host",
  "port",
  "tls",
  "caPem",
  "dangerouslyTrustAnyCertificate",
  "bindUser",
  "credentialId",
] as const;

export async function updateDirectory(
  ctx: TenantContext,
  { id, changes, version }: z.output<typeof updateDirectoryInput>,
): Promise<UpdateDirectoryOutcome> {
  const { password, ...fields } = changes;
  const present = await ctx.run(({ tx, tenantId }) =>
    tx.directory.findUnique({
      where: { tenantId_id: { tenantId, id } },
      select: { siteId: true, credentialId: true },
    }),
  );
  if (present === null)
    return (
      (await ctx.run((place) => removedMeanwhile(ctx, place, { version, kind: "directory", id }))) ?? {
        kind: "not-found",
      }
    );
  // Of a directory with a credential the typed password is the credential's, which other sites may use too.
  const credentialId = fields.credentialId ?? (fields.bindUser === undefined ? present.credentialId : null);
  const sealing =
    password === undefined
      ? null
      : credentialId === null
        ? await sealForSite(ctx, present.siteId, password)
        : await sealForCustomer(ctx, password);
  if (sealing?.kind === "no-agent") return { kind: "no-agent" };

  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<UpdateDirectoryOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const stored = await tx.directory.findUnique({
        where,
        include: { secret: { select: { setAt: true } } },
      });
      if (stored === null) {
        const removed = await removedMeanwhile(ctx, { tx, tenantId }, { version, kind: "directory", id });
        return removed ?? { kind: "not-found" };
      }
      const overtaken = await changedMeanwhile(
        ctx,
        { tx, tenantId },
        {
          version,
          present: directoryVersion(stored),
          subject: `${stored.name} was`,
          audited: { kind: "directory", id, actions: ["directory.update"] },
        },
      );
      if (overtaken !== null) return overtaken;
      const { secret: _, ...before } = stored;
      const login = { bindUser: fields.bindUser ?? (credentialId === null ? before.bindUser : null) };
      const wanted = { ...fields, ...login, credentialId };
      const changed = difference<Record<string, unknown>>({ ...before }, wanted);
      const movesPassword = BOUND_TO_PASSWORD.some((field) => changed !== null && field in changed.after);
      const typed = sealing?.sealed ?? null;
      if (fields.name !== undefined && (await isNameTaken(tx, tenantId, id, fields.name)))
        return { kind: "name-taken" };
      let { secretId } = before;
      if (credentialId !== null) {
        if (movesPassword || typed !== null) {
          const used = await useCredential(
            { tx, tenantId, now, record },
            credentialId,
            {
              host: fields.host ?? before.host,
              tls: fields.tls ?? before.tls,
              dangerouslyTrustAnyCertificate:
                fields.dangerouslyTrustAnyCertificate ?? before.dangerouslyTrustAnyCertificate,
            },
            typed,
          );
          if (used.kind !== "fine") return used;
        }
        secretId = null;
      } else if (typed !== null) {
        const data = { sealed: typed, setAt: now };
        if (secretId === null) {
          const name = `directory ${fields.name ?? before.name}`;
          const made = { tenantId, siteId: before.siteId, name, ...data };
          ({ id: secretId } = await tx.sealedSecret.create({ data: made, select: { id: true } }));
        } else await tx.sealedSecret.update({ where: { tenantId_id: { tenantId, id: secretId } }, data });
      } else if (movesPassword) return { kind: "password-needed" };

      if (changed !== null)
        await tx.directory.update({ where, data: { ...wanted, secretId, updatedAt: now } });
      if (secretId === null && before.secretId !== null)
        await tx.sealedSecret.delete({ where: { tenantId_id: { tenantId, id: before.secretId } } });
      if (changed !== null || typed !== null) {
        record({
          action: "directory.update",
          object: { kind: "directory", id, name: fields.name ?? before.name },
          before: changed?.before ?? {},
          after: { ...changed?.after, ...(typed === null ? {} : { password: "set" }) },
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
