import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { sealForCustomer } from "../directories/sealed-password.ts";
import { readCredentialViews } from "./credential-views.ts";
import type { addCredentialInput, CredentialView } from "./credentials.schema.ts";
import { saysNoRealm } from "./login-fault.ts";

export type AddCredentialOutcome =
  | { readonly kind: "added"; readonly credential: CredentialView }
  | { readonly kind: "no-agent" }
  | { readonly kind: "no-realm" }
  | { readonly kind: "name-taken" };

export async function addCredential(
  ctx: TenantContext,
  input: z.output<typeof addCredentialInput>,
): Promise<AddCredentialOutcome> {
  const { customer: _, password, ...fields } = input;
  if (saysNoRealm(fields)) return { kind: "no-realm" };
  const sealing = await sealForCustomer(ctx, password);
  return change(ctx, async ({ tx, tenantId, now, record }): Promise<AddCredentialOutcome> => {
    if (sealing.kind === "no-agent") return { kind: "no-agent" };
    const others = await tx.credential.findMany({ where: { tenantId }, select: { name: true } });
    if (others.some((other) => other.name.toLowerCase() === fields.name.toLowerCase()))
      return { kind: "name-taken" };
    const { id } = await tx.credential.create({
      data: { tenantId, ...fields, sealed: sealing.sealed, setAt: now, createdAt: now, updatedAt: now },
      select: { id: true },
    });
    // No agent need know: a login travels with the first source that uses it.
    record({
      action: "credential.add",
      object: { kind: "credential", id, name: fields.name },
      after: { ...fields, password: "set" },
    });
    const [credential] = await readCredentialViews(tx, { tenantId, id });
    if (credential === undefined) throw new Error("read the login that this transaction has just added");
    return { kind: "added", credential };
  });
}
