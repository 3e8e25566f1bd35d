import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { type Change, change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { newSecret } from "./new-secret.ts";
import type { pointDetail, revokeSecretInput, rotatedSecret, rotateSecretInput } from "./points.schema.ts";
import { readPointDetail } from "./read-point.ts";

export type RotateSecretOutcome =
  | { readonly kind: "rotated"; readonly secret: z.infer<typeof rotatedSecret> }
  | { readonly kind: "not-found" }
  | { readonly kind: "weak"; readonly sentence: string };

export type RevokeSecretOutcome =
  | { readonly kind: "revoked"; readonly point: z.infer<typeof pointDetail> }
  | { readonly kind: "not-found" }
  | { readonly kind: "already-ended" };

/**
 * Makes a new client secret, or takes one that a person chose. The one that was current goes on for the overlap; one that was already ending ends now,
 * so that never more than two are valid.
 */
export async function rotateSecret(
  ctx: TenantContext,
  { id, overlapHours, chosen }: z.output<typeof rotateSecretInput>,
): Promise<RotateSecretOutcome> {
  const about = await ctx.run(({ tx, tenantId }) =>
    tx.enforcementPoint.findUnique({
      where: { tenantId_id: { tenantId, id } },
      select: { name: true, clientId: true },
    }),
  );
  if (about === null) return { kind: "not-found" };
  const secret = await newSecret(chosen, about);
  if (secret.kind === "weak") return secret;
  const { made, verifier, origin } = secret;
  const secretId = randomUUID();
  return change(ctx, async (changing): Promise<RotateSecretOutcome> => {
    const { tx, tenantId, now, record, configurationChanged } = changing;
    const point = await tx.enforcementPoint.findUnique({
      where: { tenantId_id: { tenantId, id } },
      select: { name: true, clientId: true },
    });
    if (point === null) return { kind: "not-found" };
    const valid = await tx.enforcementSecret.findMany({
      where: {
        tenantId,
        enforcementPointId: id,
        revokedAt: null,
        OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
      },
      // The current one has no end yet; times of creation may be equal.
      orderBy: [{ expiresAt: { sort: "desc", nulls: "first" } }, { createdAt: "desc" }],
      select: { id: true },
    });
    const [current, ...older] = valid.map((secret) => secret.id);
    const oldValidUntil = overlapHours === 0 ? null : new Date(now.getTime() + overlapHours * 3_600_000);
    const ended = oldValidUntil === null && current !== undefined ? [current, ...older] : older;
    await endSecrets(changing, ended);
    if (oldValidUntil !== null && current !== undefined)
      await tx.enforcementSecret.update({
        where: { tenantId_id: { tenantId, id: current } },
        data: { expiresAt: oldValidUntil },
      });
    await tx.enforcementSecret.create({
      data: {
        tenantId,
        id: secretId,
        enforcementPointId: id,
        verifier,
        origin,
        createdAt: now,
      },
    });
    record({
      action: "point.secret.rotate",
      object: { kind: "enforcement-point", id, name: point.name },
      after: { clientSecret: origin, secretId, oldValidUntil },
    });
    configurationChanged();
    return {
      kind: "rotated",
      secret: {
        secretId,
        clientId: point.clientId,
        clientSecret: made,
        oldValidUntil: current ? oldValidUntil : null,
      },
    };
  });
}

/** Ends one secret now, and the tokens that were issued for it. */
export async function revokeSecret(
  ctx: TenantContext,
  { id, secretId }: z.output<typeof revokeSecretInput>,
): Promise<RevokeSecretOutcome> {
  return change(ctx, async (changing): Promise<RevokeSecretOutcome> => {
    const { tx, tenantId, now, record, configurationChanged } = changing;
    const secret = await tx.enforcementSecret.findFirst({
      where: { tenantId, id: secretId, enforcementPointId: id },
      include: { point: { select: { name: true } } },
    });
    if (secret === null) return { kind: "not-found" };
    const hasEnded = secret.revokedAt !== null || (secret.expiresAt !== null && secret.expiresAt <= now);
    if (hasEnded) return { kind: "already-ended" };
    await endSecrets(changing, [secretId]);
    record({
      action: "point.secret.revoke",
      object: { kind: "enforcement-point", id, name: secret.point.name },
      after: { secretId, revokedAt: now },
    });
    configurationChanged();
    const point = await readPointDetail(ctx, { tx, tenantId, id });
    return point === null ? { kind: "not-found" } : { kind: "revoked", point };
  });
}

async function endSecrets({ tx, tenantId, now }: Change, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.enforcementSecret.updateMany({
    where: { tenantId, id: { in: [...ids] } },
    data: { revokedAt: now },
  });
  await tx.enforcementToken.deleteMany({ where: { tenantId, secretId: { in: [...ids] } } });
}
