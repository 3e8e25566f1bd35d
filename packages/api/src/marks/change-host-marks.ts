import { Prisma, type TenantHandle } from "@rollcall/db";
import { parseDnPath } from "@rollcall/identity-core";
import type { z } from "zod";
import { change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { HOST_MARKS_MAX, readHostMarks } from "./host-mark-rows.ts";
import type { addHostMarkInput, HostMarkView, updateHostMarkInput } from "./marks.schema.ts";

type Fields = Omit<z.output<typeof addHostMarkInput>, "customer">;

interface BadHostMark {
  readonly kind: "bad-mark";
  readonly field: "under" | "pseudoUser";
  readonly sentence: string;
}

/** Marks the computers whose accounts stand at or under a place in the directory. */
export async function addHostMark(
  ctx: TenantContext,
  { customer: _, ...fields }: z.output<typeof addHostMarkInput>,
): Promise<{ readonly kind: "added"; readonly mark: HostMarkView } | BadHostMark> {
  return change(ctx, async ({ tx, tenantId, now, record, configurationChanged }) => {
    const kept = keptFields(fields);
    const fault = await faultOf(tx, { tenantId, except: null }, kept);
    if (fault !== null) return fault;
    const { id } = await tx.hostMark.create({
      data: { tenantId, ...kept, pseudoUser: kept.pseudoUser ?? Prisma.DbNull, createdAt: now },
      select: { id: true },
    });
    record({
      action: "host-mark.add",
      object: { kind: "host-mark", id, name: kept.under },
      after: { ...kept },
    });
    configurationChanged();
    return { kind: "added", mark: { id, ...kept, createdAt: now } };
  });
}

export async function updateHostMark(
  ctx: TenantContext,
  { id, changes }: z.output<typeof updateHostMarkInput>,
): Promise<
  { readonly kind: "updated"; readonly mark: HostMarkView } | { readonly kind: "not-found" } | BadHostMark
> {
  return change(ctx, async ({ tx, tenantId, record, configurationChanged }) => {
    const [before] = await readHostMarks(tx, { tenantId, id });
    if (before === undefined) return { kind: "not-found" };
    const named = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const { id: _id, createdAt: _createdAt, ...was } = before;
    const fields = keptFields({ ...was, ...named });
    const fault = await faultOf(tx, { tenantId, except: id }, fields);
    if (fault !== null) return fault;
    const changed = difference<Record<string, unknown>>({ ...before }, { ...fields });
    if (changed === null) return { kind: "updated", mark: before };
    await tx.hostMark.update({
      where: { tenantId_id: { tenantId, id } },
      data: { ...fields, pseudoUser: fields.pseudoUser ?? Prisma.DbNull },
    });
    record({ action: "host-mark.update", object: { kind: "host-mark", id, name: fields.under }, ...changed });
    configurationChanged();
    return { kind: "updated", mark: { ...before, ...fields } };
  });
}

export async function removeHostMark(
  ctx: TenantContext,
  id: string,
): Promise<{ readonly kind: "removed" } | { readonly kind: "not-found" }> {
  return change(ctx, async ({ tx, tenantId, record, configurationChanged }) => {
    const [before] = await readHostMarks(tx, { tenantId, id });
    if (before === undefined) return { kind: "not-found" };
    await tx.hostMark.delete({ where: { tenantId_id: { tenantId, id } } });
    const { id: _id, createdAt: _createdAt, ...was } = before;
    record({
      action: "host-mark.remove",
      object: { kind: "host-mark", id, name: before.under },
      before: was,
    });
    configurationChanged();
    return { kind: "removed" };
  });
}

/** A pseudo user is kept with its mode only: in another it would be a name that nobody is told. */
function keptFields(fields: Fields): Fields {
  return { ...fields, pseudoUser: fields.mode === "pseudo-user" ? fields.pseudoUser : null };
}

async function faultOf(
  tx: TenantHandle["tx"],
  { tenantId, except }: { readonly tenantId: string; readonly except: string | null },
  { mode, pseudoUser, under, remoteDesktopOnly }: Fields,
): Promise<BadHostMark | null> {
  if (mode === "pseudo-user" && pseudoUser === null)
    return { kind: "bad-mark", field: "pseudoUser", sentence: "Write who is to be named there." };
  const others = (await readHostMarks(tx, { tenantId, id: null })).filter(({ id }) => id !== except);
  if (except === null && others.length >= HOST_MARKS_MAX)
    return {
      kind: "bad-mark",
      field: "under",
      sentence: `There are ${HOST_MARKS_MAX} marks of computers already: remove one first.`,
    };
  const path = pathOf(under);
  const twin = others.find(
    (other) => other.remoteDesktopOnly === remoteDesktopOnly && pathOf(other.under) === path,
  );
  return twin === undefined
    ? null
    : { kind: "bad-mark", field: "under", sentence: `There is a mark for ${twin.under} already.` };
}

/** Two spellings of one place are one. */
function pathOf(under: string): string {
  return JSON.stringify(parseDnPath(under));
}
