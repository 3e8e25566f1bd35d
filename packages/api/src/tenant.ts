import type { SignedInContext, Tenant, TenantContext } from "./context.ts";
import type { Permission } from "./permissions.ts";
import { grantedPermissions } from "./principal.ts";

export type OpenTenantOutcome =
  | { readonly kind: "open"; readonly context: TenantContext }
  | { readonly kind: "not-found" }
  | { readonly kind: "forbidden" };

/**
 * Enters one customer for one request: the only way to a `TenantContext`.
 *
 * Errors: `not-found` for a customer that does not exist, is another practice's, or for which the person has no grant at
 *         all; `forbidden` where a grant exists that does not allow this.
 */
export async function openTenant(
  ctx: SignedInContext,
  slug: string,
  permission: Permission,
): Promise<OpenTenantOutcome> {
  const tenant = await findTenant(ctx, slug);
  if (tenant === null) return { kind: "not-found" };
  const permissions = grantedPermissions(ctx.principal, tenant.id);
  if (permissions.size === 0) return { kind: "not-found" };
  if (!permissions.has(permission)) return { kind: "forbidden" };
  const run: TenantContext["run"] = (work) => ctx.services.database.withTenant(tenant.id, work);
  return { kind: "open", context: { ...ctx, tenant, permissions, run } };
}

/**
 * Resolves a customer's slug within the practice of the person asking; null where there is none.
 * One look-up per request, however many procedures a batch holds.
 */
export function findTenant(ctx: SignedInContext, slug: string): Promise<Tenant | null> {
  const known = ctx.tenants.get(slug);
  if (known) return known;
  const found = readTenant(ctx, slug);
  ctx.tenants.set(slug, found);
  return found;
}

async function readTenant(ctx: SignedInContext, slug: string): Promise<Tenant | null> {
  const { practiceId } = ctx.principal;
  return ctx.services.database.withPractice(practiceId, async ({ tx }) => {
    const row = await tx.customer.findFirst({
      where: { practiceId, slug, deletedAt: null },
      select: { id: true, slug: true, name: true, practiceId: true },
    });
    return row;
  });
}
