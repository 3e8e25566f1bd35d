import { randomUUID } from "node:crypto";
import type { TenantHandle } from "@rollcall/db";
import { isBuiltInKey, readProfile, readProfileText, type SrxProfile } from "@rollcall/srx-protocol";
import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { addProfileInput, ProfileDetail, updateProfileInput } from "./profiles.schema.ts";
import { PROFILES_MAX, readProfileDetail } from "./read-profiles.ts";

interface Refused {
  readonly kind: "refused";
  readonly faults: { path: string; sentence: string }[];
}
type Saved = { readonly kind: "saved"; readonly profile: ProfileDetail };
type NameTaken = { readonly kind: "name-taken" };

export type AddProfileOutcome = Saved | Refused | NameTaken | { readonly kind: "too-many" };
export type UpdateProfileOutcome = Saved | Refused | NameTaken | { readonly kind: "not-found" };
export type RemoveProfileOutcome =
  | { readonly kind: "removed" }
  | { readonly kind: "not-found" }
  | { readonly kind: "in-use"; readonly by: readonly string[] };

/**
 * Keeps a profile that was read and found whole. What is kept is what was read, defaults included: a later version with
 * another default does not change how a firewall is answered.
 */
export async function addProfile(
  ctx: TenantContext,
  { name, note, text }: z.output<typeof addProfileInput>,
): Promise<AddProfileOutcome> {
  const reading = readProfileText(text);
  if (reading.kind === "refused") return { kind: "refused", faults: [...reading.faults] };
  const document = storable(reading.profile);
  const id = randomUUID();
  return change(ctx, async ({ tx, tenantId, now, record }): Promise<AddProfileOutcome> => {
    if (await isNameTaken({ tx, tenantId }, { name, id })) return { kind: "name-taken" };
    if ((await tx.srxProfile.count({ where: { tenantId } })) >= PROFILES_MAX) return { kind: "too-many" };
    await tx.srxProfile.create({
      data: { tenantId, id, name, note, document, createdAt: now, updatedAt: now },
    });
    // No agent needs to know before a firewall is answered by it.
    record({
      action: "profile.add",
      object: { kind: "profile", id, name },
      after: { name, note, characters: text.length },
    });
    return saved({ tx, tenantId }, id);
  });
}

export async function updateProfile(
  ctx: TenantContext,
  { id, changes }: z.output<typeof updateProfileInput>,
): Promise<UpdateProfileOutcome> {
  const { text, ...fields } = changes;
  const reading = text === undefined ? null : readProfileText(text);
  if (reading?.kind === "refused") return { kind: "refused", faults: [...reading.faults] };
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<UpdateProfileOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.srxProfile.findUnique({ where });
      if (before === null) return { kind: "not-found" };
      if (fields.name !== undefined && (await isNameTaken({ tx, tenantId }, { name: fields.name, id })))
        return { kind: "name-taken" };
      const document = reading === null ? undefined : storable(reading.profile);
      const changed = difference<Record<string, unknown>>(
        { ...before, document: canonical(before.document) },
        { ...fields, document },
      );
      if (changed !== null) {
        await tx.srxProfile.update({ where, data: { ...fields, document, updatedAt: now } });
        record({
          action: "profile.update",
          object: { kind: "profile", id, name: fields.name ?? before.name },
          before: changed.before,
          after: changed.after,
        });
        configurationChanged();
      }
      return saved({ tx, tenantId }, id);
    },
  );
}

/** A profile that answers a firewall stays: without it the firewall would be answered in another way. */
export async function removeProfile(ctx: TenantContext, id: string): Promise<RemoveProfileOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, record, configurationChanged }): Promise<RemoveProfileOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const before = await tx.srxProfile.findUnique({ where });
      if (before === null) return { kind: "not-found" };
      const users = await tx.enforcementPoint.findMany({
        where: { tenantId, profile: id },
        select: { name: true },
        orderBy: { name: "asc" },
      });
      if (users.length > 0) return { kind: "in-use", by: users.map(({ name }) => name) };
      await tx.srxProfile.delete({ where });
      const { name, note, document } = before;
      record({
        action: "profile.remove",
        object: { kind: "profile", id, name },
        before: { name, note, document },
      });
      configurationChanged();
      return { kind: "removed" };
    },
  );
}

type Tenant = Pick<TenantHandle, "tx" | "tenantId">;

async function saved(tenant: Tenant, id: string): Promise<Saved> {
  const profile = await readProfileDetail(tenant, id);
  if (profile === null) throw new Error("read the profile that this transaction has just written");
  return { kind: "saved", profile };
}

function storable({ document }: Pick<SrxProfile, "document">) {
  return JSON.parse(JSON.stringify(document));
}

/** The database keeps members in an order of its own: read again, they stand as the reader has them. */
function canonical(document: unknown): unknown {
  const reading = readProfile(document);
  return reading.kind === "profile" ? storable(reading.profile) : document;
}

/** A built-in one's name is taken too: two of one name could not be told apart where one is chosen. */
async function isNameTaken(
  { tx, tenantId }: Tenant,
  { name, id }: { readonly name: string; readonly id: string },
): Promise<boolean> {
  if (isBuiltInKey(name.toLowerCase())) return true;
  const others = await tx.srxProfile.findMany({
    where: { tenantId, id: { not: id } },
    select: { name: true },
  });
  return others.some((other) => other.name.toLowerCase() === name.toLowerCase());
}
