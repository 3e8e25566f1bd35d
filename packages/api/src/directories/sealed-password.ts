import { seal } from "@rollcall/pki";
import { z } from "zod";
import type { TenantContext } from "../context.ts";

const sealedFor = z.array(z.object({ agentId: z.string(), ciphertext: z.string() }));
export type SealedFor = z.infer<typeof sealedFor>;

/** The ciphertexts of a stored secret. What is not of that shape was sealed for nobody. */
export function storedSealed(value: unknown): SealedFor {
  const parsed = sealedFor.safeParse(value);
  return parsed.success ? parsed.data : [];
}

export type SealOutcome =
  | { readonly kind: "sealed"; readonly sealed: SealedFor }
  | { readonly kind: "no-agent" };

/**
 * Seals a password to every active agent of a site. The clear text is in this call's memory only: it is not stored, not
 * logged, and nobody but those agents can open it.
 */
export function sealForSite(ctx: TenantContext, siteId: string, password: string): Promise<SealOutcome> {
  return sealFor(ctx, { siteId }, password);
}

/** The same for every active agent of the customer: for a login that any of its sites may use. */
export function sealForCustomer(ctx: TenantContext, password: string): Promise<SealOutcome> {
  return sealFor(ctx, {}, password);
}

async function sealFor(
  ctx: TenantContext,
  where: { readonly siteId?: string },
  password: string,
): Promise<SealOutcome> {
  const agents = await ctx.run(({ tx, tenantId }) =>
    tx.agent.findMany({
      where: { tenantId, ...where, state: "active" },
      select: { id: true, sealingPublicKey: true },
    }),
  );
  if (agents.length === 0) return { kind: "no-agent" };
  const tenantId = ctx.tenant.id;
  const sealed = await Promise.all(
    agents.map(async ({ id, sealingPublicKey }) => ({
      agentId: id,
      ciphertext: await seal(password, { tenantId, agentId: id, publicKey: sealingPublicKey }),
    })),
  );
  return { kind: "sealed", sealed };
}
