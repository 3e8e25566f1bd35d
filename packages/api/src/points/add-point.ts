import { randomUUID } from "node:crypto";
import { SITE_LIMITS } from "@rollcall/agent-protocol";
import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { readSettings } from "../settings/customer-settings.ts";
import { freeClientId } from "./client-id.ts";
import { newSecret } from "./new-secret.ts";
import { findPlaces } from "./places.ts";
import type { addedPoint, addPointInput } from "./points.schema.ts";
import { profileName } from "./profile-choice.ts";

export type AddPointOutcome =
  | { readonly kind: "added"; readonly point: z.infer<typeof addedPoint> }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "space-not-found" }
  | { readonly kind: "no-profile" }
  | { readonly kind: "no-more" }
  | { readonly kind: "name-taken" }
  | { readonly kind: "weak"; readonly sentence: string };

/**
 * Adds a firewall with a client id and its first secret. One that we make is in the answer and nowhere else; one that a
 * person chose is nowhere.
 */
export async function addPoint(
  ctx: TenantContext,
  input: z.output<typeof addPointInput>,
): Promise<AddPointOutcome> {
  // What is left is recorded: the chosen secret is not.
  const { customer: _, junos, addressSpaceIds, chosen, ...given } = input;
  const id = randomUUID();
  const clientId = await freeClientId(ctx.services.database, {
    customerSlug: ctx.tenant.slug,
    name: given.name,
  });
  const secret = await newSecret(chosen, { name: given.name, clientId });
  if (secret.kind === "weak") return secret;
  const { made, verifier, origin } = secret;
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<AddPointOutcome> => {
      const places = await findPlaces({ tx, tenantId }, { siteId: given.siteId, addressSpaceIds });
      if (places.kind !== "found") return places;
      if ((await profileName({ tx, tenantId }, given.profile)) === null) return { kind: "no-profile" };
      const { whenSourcesDark, darkMinutes } = (await readSettings({ tx, tenantId })).pointDefaults;
      const fields = {
        ...given,
        whenSourcesDark: given.whenSourcesDark ?? whenSourcesDark,
        darkMinutes: given.darkMinutes ?? darkMinutes,
      };
      const others = await tx.enforcementPoint.findMany({ where: { tenantId }, select: { name: true } });
      if (others.some((other) => other.name.toLowerCase() === fields.name.toLowerCase()))
        return { kind: "name-taken" };
      // Agents of every site may be asked by every firewall.
      if (others.length >= SITE_LIMITS.enforcementPoints) return { kind: "no-more" };
      await tx.enforcementPoint.create({
        data: {
          tenantId,
          id,
          clientId,
          ...fields,
          addressSpaceIds: places.addressSpaceIds,
          junos,
          createdAt: now,
          updatedAt: now,
        },
      });
      await tx.clientDirectory.create({ data: { clientId, tenantId, enforcementPointId: id } });
      await tx.enforcementSecret.create({
        data: {
          tenantId,
          enforcementPointId: id,
          verifier,
          origin,
          createdAt: now,
        },
      });
      record({
        action: "point.add",
        object: { kind: "enforcement-point", id, name: fields.name },
        after: { ...fields, clientId, addressSpaceIds: places.addressSpaceIds, clientSecret: origin },
      });
      configurationChanged();
      return { kind: "added", point: { id, name: fields.name, clientId, clientSecret: made } };
    },
  );
}
