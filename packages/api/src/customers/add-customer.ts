import { randomBytes, randomUUID } from "node:crypto";
import { createCustomerAuthority } from "@rollcall/pki";
import type { z } from "zod";
import { auditEntry } from "../change.ts";
import type { SignedInContext } from "../context.ts";
import { firstFree, slugOf } from "../slug.ts";
import type { addCustomerInput, addedCustomer } from "./customers.schema.ts";

export type AddCustomerOutcome =
  | { readonly kind: "added"; readonly customer: z.infer<typeof addedCustomer> }
  | { readonly kind: "slug-taken"; readonly slug: string }
  | { readonly kind: "name-taken"; readonly name: string };

const HUES = 10;

/** Adds a tenant with its own SRX CA, one address space and one site: enough to make an onboarding file. */
export async function addCustomer(
  ctx: SignedInContext,
  input: z.output<typeof addCustomerInput>,
): Promise<AddCustomerOutcome> {
  const { keys, database, bell } = ctx.services;
  const { practiceId } = ctx.principal;
  const tenantId = randomUUID();
  // Made before the transaction: a key of 2048 bits takes its time, and nobody should wait for it holding a lock.
  const authority = await createCustomerAuthority(keys, {
    tenantId,
    name: input.name,
    now: ctx.services.now(),
  });
  const outcome = await database.withPractice(
    practiceId,
    async ({ tx, enterTenant }): Promise<AddCustomerOutcome> => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('customers:' || ${practiceId}, 0))`;
      const others = await tx.customer.findMany({
        where: { practiceId },
        select: { slug: true, name: true, deletedAt: true },
      });
      const named = others.find((other) => other.deletedAt === null && sameName(other.name, input.name));
      if (named) return { kind: "name-taken", name: named.name };
      const isTaken = (slug: string) => others.some((other) => other.slug === slug);
      if (input.slug !== undefined && isTaken(input.slug)) return { kind: "slug-taken", slug: input.slug };
      const slug = input.slug ?? firstFree(slugOf(input.name, 40, "customer"), 63, isTaken);
      await tx.customer.create({
        data: {
          id: tenantId,
          practiceId,
          slug,
          name: input.name,
          adDomain: input.adDomain?.toLowerCase() ?? null,
          hue: others.length % HUES,
          timeZone: input.timeZone,
          feedIncarnation: randomBytes(8).toString("hex"),
          srxCaCertPem: authority.certPem,
          srxCaKeyCipher: authority.keyCipher,
        },
      });
      const tenant = await enterTenant(tenantId);
      if (tenant === null) throw new Error("enter the customer that this transaction has just added");
      await tx.addressSpace.create({ data: { tenantId, name: "Default", isDefault: true } });
      const site = await tx.site.create({
        data: {
          tenantId,
          name: input.siteName,
          slug: slugOf(input.siteName, 40, "site"),
          timeZone: input.timeZone,
        },
        select: { id: true },
      });
      tenant.audit(
        auditEntry(ctx, {
          action: "customer.add",
          object: { kind: "customer", id: tenantId, name: input.name },
          after: {
            name: input.name,
            slug,
            adDomain: input.adDomain ?? null,
            timeZone: input.timeZone,
            site: input.siteName,
          },
        }),
      );
      return { kind: "added", customer: { slug, name: input.name, siteId: site.id } };
    },
  );
  if (outcome.kind === "added") bell.ring(`portal:${tenantId}`);
  return outcome;
}

function sameName(a: string, b: string): boolean {
  return a.localeCompare(b, "en", { sensitivity: "accent" }) === 0;
}
