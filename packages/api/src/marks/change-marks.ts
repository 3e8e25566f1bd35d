import { Prisma } from "@rollcall/db";
import { parseIpRange } from "@rollcall/identity-core";
import type { z } from "zod";
import { type Change, change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { MARKS_MAX, readMarks } from "./mark-rows.ts";
import type { addMarkInput, MarkView, updateMarkInput } from "./marks.schema.ts";

type Fields = Pick<z.output<typeof addMarkInput>, "range" | "mark" | "mode" | "pseudoUser" | "note">;

interface BadMark {
  readonly kind: "bad-mark";
  readonly field: "range" | "pseudoUser";
  readonly sentence: string;
}

export type AddMarkOutcome =
  | { readonly kind: "added"; readonly mark: MarkView }
  | { readonly kind: "space-not-found" }
  | BadMark;

/** Marks addresses behind which more than one person sits. */
export async function addMark(
  ctx: TenantContext,
  { customer: _, addressSpaceId, ...fields }: z.output<typeof addMarkInput>,
): Promise<AddMarkOutcome> {
  return change(ctx, (changing) => putMark(changing, { addressSpaceId: addressSpaceId ?? null, fields }));
}

/** The same within a change that goes on: an approved suggestion is a mark too. */
export async function putMark(
  { tx, tenantId, now, record, configurationChanged }: Change,
  { addressSpaceId, fields }: { readonly addressSpaceId: string | null; readonly fields: Fields },
): Promise<AddMarkOutcome> {
  const space = await tx.addressSpace.findFirst({
    where: { tenantId, ...(addressSpaceId === null ? { isDefault: true } : { id: addressSpaceId }) },
    select: { id: true },
  });
  if (space === null) return { kind: "space-not-found" };
  const kept = keptFields(fields);
  const others = await tx.addressMark.findMany({
    where: { tenantId, addressSpaceId: space.id },
    select: { id: true, range: true },
  });
  const fault = faultOf(kept, others);
  if (fault !== null) return fault;
  if ((await tx.addressMark.count({ where: { tenantId } })) >= MARKS_MAX)
    return {
      kind: "bad-mark",
      field: "range",
      sentence: `There are ${MARKS_MAX} marks already: remove one first.`,
    };
  const { id } = await tx.addressMark.create({
    data: {
      tenantId,
      addressSpaceId: space.id,
      ...kept,
      pseudoUser: kept.pseudoUser ?? Prisma.DbNull,
      createdAt: now,
    },
    select: { id: true },
  });
  record({ action: "mark.add", object: { kind: "mark", id, name: kept.range }, after: { ...kept } });
  configurationChanged();
  const [added] = await readMarks(tx, { tenantId, id });
  if (added === undefined) throw new Error("read the mark that this transaction has just added");
  return { kind: "added", mark: added };
}

export async function updateMark(
  ctx: TenantContext,
  { id, changes }: z.output<typeof updateMarkInput>,
): Promise<{ readonly kind: "updated"; readonly mark: MarkView } | { readonly kind: "not-found" } | BadMark> {
  return change(ctx, async ({ tx, tenantId, record, configurationChanged }) => {
    const [before] = await readMarks(tx, { tenantId, id });
    if (before === undefined) return { kind: "not-found" };
    const { range, mark, mode, pseudoUser, note } = before;
    const fields = keptFields({ range, mark, mode, pseudoUser, note, ...named(changes) });
    const others = await tx.addressMark.findMany({
      where: { tenantId, addressSpaceId: before.addressSpace.id, id: { not: id } },
      select: { id: true, range: true },
    });
    const fault = faultOf(fields, others);
    if (fault !== null) return fault;
    const changed = difference<Record<string, unknown>>({ ...before }, { ...fields });
    if (changed === null) return { kind: "updated", mark: before };
    await tx.addressMark.update({
      where: { tenantId_id: { tenantId, id } },
      data: { ...fields, pseudoUser: fields.pseudoUser ?? Prisma.DbNull },
    });
    record({ action: "mark.update", object: { kind: "mark", id, name: fields.range }, ...changed });
    configurationChanged();
    return { kind: "updated", mark: { ...before, ...fields } };
  });
}

export async function removeMark(
  ctx: TenantContext,
  id: string,
): Promise<{ readonly kind: "removed" } | { readonly kind: "not-found" }> {
  return change(ctx, async (changing) => {
    const isRemoved = await takeMark(changing, id);
    return isRemoved ? { kind: "removed" } : { kind: "not-found" };
  });
}

/** Takes a mark away within a change that goes on; false where there is none. */
export async function takeMark(
  { tx, tenantId, record, configurationChanged }: Change,
  id: string,
): Promise<boolean> {
  const [before] = await readMarks(tx, { tenantId, id });
  if (before === undefined) return false;
  await tx.addressMark.delete({ where: { tenantId_id: { tenantId, id } } });
  const { range, mark, mode, pseudoUser, note } = before;
  record({
    action: "mark.remove",
    object: { kind: "mark", id, name: range },
    before: { range, mark, mode, pseudoUser, note },
  });
  configurationChanged();
  return true;
}

/** What is not there was not meant to change. */
function named(changes: Partial<Fields>): Partial<Fields> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

/** A pseudo user is kept with its mode only: in another it would be a name that nobody is told. */
function keptFields(fields: Fields): Fields {
  return { ...fields, pseudoUser: fields.mode === "pseudo-user" ? fields.pseudoUser : null };
}

function faultOf(
  { range, mode, pseudoUser }: Fields,
  others: readonly { readonly range: string }[],
): BadMark | null {
  if (mode === "pseudo-user" && pseudoUser === null)
    return { kind: "bad-mark", field: "pseudoUser", sentence: "Write who is to be named there." };
  const twin = others.find((other) => isSameRange(other.range, range));
  return twin === undefined
    ? null
    : { kind: "bad-mark", field: "range", sentence: `There is a mark for ${twin.range} already.` };
}

/** Two spellings of one range have the same first and last address. */
function isSameRange(a: string, b: string): boolean {
  const [one, other] = [parseIpRange(a), parseIpRange(b)];
  return (
    one !== null &&
    other !== null &&
    one.family === other.family &&
    one.first === other.first &&
    one.last === other.last
  );
}
