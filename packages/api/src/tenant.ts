import type { SignedInContext, Tenant } from "./context.ts";

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
