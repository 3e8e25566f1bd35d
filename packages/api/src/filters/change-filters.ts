import { SITE_LIMITS } from "@rollcall/agent-protocol";
import { parseIpRange } from "@rollcall/identity-core";
import { compilePattern } from "@rollcall/syslog-rules";
import type { z } from "zod";
import { type Change, change, difference } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { addFilterInput, filterView, updateFilterInput } from "./filters.schema.ts";
import { filterViewOf } from "./list-filters.ts";

type View = z.infer<typeof filterView>;
interface BadValue {
  readonly kind: "bad-value";
  readonly sentence: string;
}

type Fields = Omit<z.output<typeof addFilterInput>, "customer">;

type AddFilterOutcome = { readonly kind: "added"; readonly filter: View } | BadValue;

export async function addFilter(
  ctx: TenantContext,
  { customer: _, ...fields }: z.output<typeof addFilterInput>,
): Promise<AddFilterOutcome> {
  return change(ctx, (changing) => putFilter(changing, fields));
}

/** The same within a change that goes on: an approved suggestion is a filter too. */
export async function putFilter(
  { tx, tenantId, now, record, configurationChanged }: Change,
  fields: Fields,
): Promise<AddFilterOutcome> {
  const fault = faultOf(fields.kind, fields.value);
  if (fault !== null) return { kind: "bad-value", sentence: fault };
  if ((await tx.filter.count({ where: { tenantId } })) >= SITE_LIMITS.filters)
    return {
      kind: "bad-value",
      sentence: `There are ${SITE_LIMITS.filters} filters already: remove one first.`,
    };
  const data = { ...fields, domain: fields.kind === "group-include" ? fields.domain : null };
  const added = await tx.filter.create({ data: { tenantId, ...data, createdAt: now } });
  record({
    action: "filter.add",
    object: { kind: "filter", id: added.id, name: nameOf(added) },
    after: data,
  });
  configurationChanged();
  return { kind: "added", filter: filterViewOf(added) };
}

export async function updateFilter(
  ctx: TenantContext,
  { id, changes }: z.output<typeof updateFilterInput>,
): Promise<{ readonly kind: "updated"; readonly filter: View } | { readonly kind: "not-found" } | BadValue> {
  return change(ctx, async ({ tx, tenantId, record, configurationChanged }) => {
    const where = { tenantId_id: { tenantId, id } };
    const before = await tx.filter.findUnique({ where });
    if (before === null) return { kind: "not-found" };
    const fault = faultOf(before.kind, changes.value ?? before.value);
    if (fault !== null) return { kind: "bad-value", sentence: fault };
    const changed = difference(before, changes);
    if (changed === null) return { kind: "updated", filter: filterViewOf(before) };
    const after = await tx.filter.update({ where, data: changes });
    record({ action: "filter.update", object: { kind: "filter", id, name: nameOf(after) }, ...changed });
    configurationChanged();
    return { kind: "updated", filter: filterViewOf(after) };
  });
}

export async function removeFilter(
  ctx: TenantContext,
  id: string,
): Promise<{ readonly kind: "removed" } | { readonly kind: "not-found" }> {
  return change(ctx, async (changing) => {
    const isRemoved = await takeFilter(changing, id);
    return isRemoved ? { kind: "removed" } : { kind: "not-found" };
  });
}

/** Takes a filter away within a change that goes on; false where there is none. */
export async function takeFilter(
  { tx, tenantId, record, configurationChanged }: Change,
  id: string,
): Promise<boolean> {
  const where = { tenantId_id: { tenantId, id } };
  const before = await tx.filter.findUnique({ where });
  if (before === null) return false;
  await tx.filter.delete({ where });
  const { kind, value, domain, note, enabled } = before;
  record({
    action: "filter.remove",
    object: { kind: "filter", id, name: nameOf(before) },
    before: { kind, value, domain, note, enabled },
  });
  configurationChanged();
  return true;
}

/** Why an agent would refuse the value; null where it would take it. */
function faultOf(kind: string, value: string): string | null {
  if (kind === "ip-include" || kind === "ip-exclude")
    return parseIpRange(value) === null ? "An address, a prefix such as 10.20.0.0/16, or a range a-b." : null;
  const compiled = compilePattern(value);
  return compiled.kind === "refused" ? compiled.problem.message : null;
}

function nameOf({ kind, value }: { readonly kind: string; readonly value: string }): string {
  return `${kind} ${value}`;
}
