import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { firstFree, slugOf } from "../slug.ts";
import type { addSiteInput, site } from "./sites.schema.ts";

export type AddSiteOutcome =
  | { readonly kind: "added"; readonly site: z.infer<typeof site> }
  | { readonly kind: "name-taken" };

export async function addSite(
  ctx: TenantContext,
  input: z.output<typeof addSiteInput>,
): Promise<AddSiteOutcome> {
  return change(ctx, async ({ tx, tenantId, now, record }): Promise<AddSiteOutcome> => {
    const others = await tx.site.findMany({ where: { tenantId }, select: { name: true, slug: true } });
    if (others.some((other) => other.name.toLowerCase() === input.name.toLowerCase()))
      return { kind: "name-taken" };
    const slug = firstFree(slugOf(input.name, 40, "site"), 63, (taken) =>
      others.some((other) => other.slug === taken),
    );
    const { name, timeZone, subnets } = input;
    const added = await tx.site.create({ data: { tenantId, slug, name, timeZone, subnets, createdAt: now } });
    record({
      action: "site.add",
      object: { kind: "site", id: added.id, name },
      after: { name, slug, timeZone, subnets },
    });
    return {
      kind: "added",
      site: { id: added.id, slug, name, timeZone, subnets, createdAt: now, agents: 0 },
    };
  });
}
