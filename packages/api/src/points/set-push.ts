import { Prisma } from "@rollcall/db";
import type { z } from "zod";
import { type Change, change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { sealForSite } from "../directories/sealed-password.ts";
import { type ChangedMeanwhile, changedMeanwhile } from "../meanwhile.ts";
import type { pointDetail, setPushInput } from "./points.schema.ts";
import { pushVersion, storedPush } from "./push-view.ts";
import { readPointDetail } from "./read-point.ts";

type Wanted = z.output<typeof setPushInput>["push"];

export type SetPushOutcome =
  | { readonly kind: "set"; readonly point: z.infer<typeof pointDetail> }
  | { readonly kind: "not-found" }
  | { readonly kind: "no-site" }
  | { readonly kind: "no-agent" }
  | { readonly kind: "clear-from-cloud" }
  | { readonly kind: "password-needed" }
  | ChangedMeanwhile;

/** Where the stored password goes and whose it is. A change of one of these asks for the password again. */
const BOUND_TO_PASSWORD = ["url", "user", "caPem", "from"] as const;

/**
 * Has a firewall's Web API posted to, or lets it ask again with null.
 *
 * The password is in this call's memory only. Posted by agents, it is sealed to those of the firewall's site and nobody
 * else can open it; posted by the cloud, it is encrypted under the customer's key, which the cloud can read: that is what
 * the choice means.
 */
export async function setPush(
  ctx: TenantContext,
  { id, push, version }: z.output<typeof setPushInput>,
): Promise<SetPushOutcome> {
  if (push?.from === "cloud" && new URL(push.url).protocol !== "https:") return { kind: "clear-from-cloud" };
  const present = await ctx.run(({ tx, tenantId }) =>
    tx.enforcementPoint.findUnique({ where: { tenantId_id: { tenantId, id } }, select: { siteId: true } }),
  );
  if (present === null) return { kind: "not-found" };
  const { siteId } = present;
  if (push?.from === "agent" && siteId === null) return { kind: "no-site" };
  const sealing =
    push?.from === "agent" && push.password !== undefined && siteId !== null
      ? await sealForSite(ctx, siteId, push.password)
      : null;
  if (sealing?.kind === "no-agent") return { kind: "no-agent" };
  return change(ctx, async (changing): Promise<SetPushOutcome> => {
    const { tx, tenantId, now, record, configurationChanged } = changing;
    const where = { tenantId_id: { tenantId, id } };
    const row = await tx.enforcementPoint.findUnique({
      where,
      include: { pushSecret: { select: { setAt: true } } },
    });
    // Moved to another site meanwhile: sealed to agents that will not post.
    if (row === null || row.siteId !== siteId) return { kind: "not-found" };
    const overtaken = await changedMeanwhile(
      ctx,
      { tx, tenantId },
      {
        version,
        present: pushVersion(row),
        subject: `Push to ${row.name} was`,
        audited: { kind: "enforcement-point", id, actions: ["point.push.set", "point.push.stop"] },
      },
    );
    if (overtaken !== null) return overtaken;
    const before = storedPush(row);
    const { password, ...after } = push ?? { password: undefined };
    const movesPassword =
      before === null ||
      BOUND_TO_PASSWORD.some((field) => field in after && before[field] !== { ...before, ...after }[field]);
    if (push !== null && movesPassword && password === undefined) return { kind: "password-needed" };
    const changed = before === null || push === null ? null : difference(before, after);
    if ((before === null && push === null) || (before !== null && push !== null && !changed && !password)) {
      const same = await readPointDetail(ctx, { tx, tenantId, id });
      return same === null ? { kind: "not-found" } : { kind: "set", point: same };
    }
    await tx.enforcementPoint.update({ where, data: { ...columnsOf(push), updatedAt: now } });
    if (push === null || password !== undefined)
      await replacePassword(ctx, changing, { id, row, sealed: sealing?.sealed ?? null, password, push });
    record({
      action: push === null ? "point.push.stop" : "point.push.set",
      object: { kind: "enforcement-point", id, name: row.name },
      before: changed === null ? before : changed.before,
      after:
        push === null ? null : { ...(changed?.after ?? after), ...(password ? { password: "set" } : {}) },
    });
    configurationChanged();
    const point = await readPointDetail(ctx, { tx, tenantId, id });
    return point === null ? { kind: "not-found" } : { kind: "set", point };
  });
}

function columnsOf(push: Wanted) {
  if (push === null) return { push: Prisma.DbNull, pushFrom: "agent" };
  const { url, user, caPem, maxPostsPerSecond, from } = push;
  return { push: { url, user, maxPostsPerSecond, ...(caPem === null ? {} : { caPem }) }, pushFrom: from };
}

/** Puts the new password in the one place where it belongs now, and takes the old one from wherever it was. */
async function replacePassword(
  ctx: TenantContext,
  { tx, tenantId, now }: Change,
  given: {
    readonly id: string;
    readonly row: {
      readonly name: string;
      readonly siteId: string | null;
      readonly pushSecretId: string | null;
    };
    readonly sealed: readonly { readonly agentId: string; readonly ciphertext: string }[] | null;
    readonly password: string | undefined;
    readonly push: Wanted;
  },
): Promise<void> {
  const { id, row, sealed, password, push } = given;
  const secret =
    sealed === null || row.siteId === null
      ? null
      : await tx.sealedSecret.create({
          data: { tenantId, siteId: row.siteId, name: `push ${row.name}`, sealed: [...sealed], setAt: now },
          select: { id: true },
        });
  const place = { tenantId, table: "enforcement_point", column: "push_cipher", row: id };
  await tx.enforcementPoint.update({
    where: { tenantId_id: { tenantId, id } },
    data: {
      pushSecretId: secret?.id ?? null,
      pushCipher:
        push?.from === "cloud" && password !== undefined
          ? ctx.services.keys.encryptForTenant(password, place)
          : null,
    },
  });
  if (row.pushSecretId !== null)
    await tx.sealedSecret.delete({ where: { tenantId_id: { tenantId, id: row.pushSecretId } } });
}
