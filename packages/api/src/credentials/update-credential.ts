import { isIP } from "node:net";
import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { sealForCustomer } from "../directories/sealed-password.ts";
import { type ChangedMeanwhile, changedMeanwhile, removedMeanwhile, versionOf } from "../meanwhile.ts";
import { CREDENTIAL_EDITED, readCredentialViews } from "./credential-views.ts";
import type { CredentialView, updateCredentialInput } from "./credentials.schema.ts";
import { saysNoRealm } from "./login-fault.ts";

export type UpdateCredentialOutcome =
  | { readonly kind: "updated"; readonly credential: CredentialView }
  | { readonly kind: "not-found" }
  | { readonly kind: "no-agent" }
  | { readonly kind: "no-realm" }
  | { readonly kind: "password-needed" }
  | { readonly kind: "addresses-need-ntlm"; readonly sources: readonly string[] }
  | { readonly kind: "name-taken" }
  | ChangedMeanwhile;

export async function updateCredential(
  ctx: TenantContext,
  { id, changes, version }: z.output<typeof updateCredentialInput>,
): Promise<UpdateCredentialOutcome> {
  const { password, ...fields } = changes;
  const sealing = password === undefined ? null : await sealForCustomer(ctx, password);
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<UpdateCredentialOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.credential.findUnique({ where });
      if (before === null) {
        const removed = await removedMeanwhile(ctx, { tx, tenantId }, { version, kind: "credential", id });
        return removed ?? { kind: "not-found" };
      }
      const overtaken = await changedMeanwhile(
        ctx,
        { tx, tenantId },
        {
          version,
          present: versionOf(before, CREDENTIAL_EDITED),
          subject: `${before.name} was`,
          audited: { kind: "credential", id, actions: ["credential.update"] },
        },
      );
      if (overtaken !== null) return overtaken;
      if (sealing?.kind === "no-agent") return { kind: "no-agent" };
      const after = {
        user: fields.user ?? before.user,
        realm: fields.realm === undefined ? before.realm : fields.realm,
        allowNtlm: fields.allowNtlm ?? before.allowNtlm,
      };
      if (saysNoRealm(after)) return { kind: "no-realm" };
      const changed = difference<Record<string, unknown>>(before, fields);
      if (changed !== null && provesItselfElsewhere(changed.after) && sealing === null)
        return { kind: "password-needed" };
      if (!after.allowNtlm) {
        const sources = await tx.eventSource.findMany({
          where: { tenantId, credentialId: id },
          select: { name: true, host: true },
        });
        const byAddress = sources.filter(({ host }) => isIP(host) !== 0).map(({ name }) => name);
        if (byAddress.length > 0) return { kind: "addresses-need-ntlm", sources: byAddress };
      }
      const wanted = fields.name?.toLowerCase();
      const others = await tx.credential.findMany({
        where: { tenantId, id: { not: id } },
        select: { name: true },
      });
      if (others.some((other) => other.name.toLowerCase() === wanted)) return { kind: "name-taken" };
      if (changed !== null || sealing !== null) {
        await tx.credential.update({
          where,
          data: {
            ...fields,
            ...(sealing === null ? {} : { sealed: sealing.sealed, setAt: now }),
            updatedAt: now,
          },
        });
        record({
          action: "credential.update",
          object: { kind: "credential", id, name: fields.name ?? before.name },
          before: changed?.before ?? {},
          after: { ...changed?.after, ...(sealing === null ? {} : { password: "set" }) },
        });
        // Agents that paused it try it again: it is another now.
        configurationChanged();
      }
      const [credential] = await readCredentialViews(tx, { tenantId, id });
      return credential === undefined ? { kind: "not-found" } : { kind: "updated", credential };
    },
  );
}

/** To another controller, for another account, or by a weaker proof. Fewer ways (NTLM switched off) need no password. */
function provesItselfElsewhere(after: Readonly<Record<string, unknown>>): boolean {
  return "user" in after || "realm" in after || "kdcs" in after || after.allowNtlm === true;
}
