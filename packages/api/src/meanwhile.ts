import { createHash } from "node:crypto";
import type { TenantHandle } from "@rollcall/db";
import { z } from "zod";
import type { TenantContext } from "./context.ts";

/** As a view gave it. Hand it back with the save: an older state is not written over what somebody saved meanwhile. */
export const versionText = z.string().max(100);

/** Somebody saved other values after those that are being edited were read. */
export interface ChangedMeanwhile {
  readonly kind: "changed-meanwhile";
  /** Who did it and when, and what to do. */
  readonly sentence: string;
}

/**
 * Stands for the state of what one form edits.
 *
 * Shape: equal for equal values of `keys` and for nothing else. It is made of the values and not of the time of the last
 *        write: what agents and other forms write into the same row overtakes nobody.
 */
export function versionOf<T extends object>(row: T, keys: readonly (keyof T)[]): string {
  const values = keys.map((key) => [key, row[key] ?? null]);
  return createHash("sha256").update(JSON.stringify(values)).digest("base64url").slice(0, 22);
}

export interface Edited {
  /** What the caller began with; null: there was none. Not said: the change holds whatever is there. */
  readonly version: string | null | undefined;
  /** What is there now; null: there is none. */
  readonly present: string | null;
  /** How the sentence begins: "DC-01 was". */
  readonly subject: string;
  /** The audit entries that say who: of such an object, by one of these actions. */
  readonly audited: {
    readonly kind: string;
    readonly id?: string;
    /** How its name ends, where the id is not known any more. */
    readonly nameEnd?: string;
    readonly actions: readonly string[];
  };
}

/** Null where what is edited is still as it was read. */
export async function changedMeanwhile(
  ctx: TenantContext,
  { tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">,
  { version, present, subject, audited }: Edited,
): Promise<ChangedMeanwhile | null> {
  if (version === undefined || version === present) return null;
  const entry = await tx.auditEntry.findFirst({
    where: {
      tenantId,
      objectKind: audited.kind,
      ...(audited.id === undefined ? {} : { objectId: audited.id }),
      ...(audited.nameEnd === undefined ? {} : { objectName: { endsWith: audited.nameEnd } }),
      action: { in: [...audited.actions] },
    },
    select: { at: true, actorId: true, actorName: true },
    orderBy: { n: "desc" },
  });
  const verb = present === null ? "removed" : version === null ? "set up" : "changed";
  const how = entry === null ? "" : byWhomAndWhen(ctx, entry);
  return {
    kind: "changed-meanwhile",
    sentence: `${subject} ${verb}${how} while you were editing. Load it again; what you typed is kept here.`,
  };
}

/**
 * For what is edited and not there any more: null where no version was named, or nobody removed such a thing here. What another
 * tenant has is not found, as ever: only this tenant's audit log is asked.
 */
export async function removedMeanwhile(
  ctx: TenantContext,
  { tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">,
  { version, kind, id }: { readonly version: string | undefined; readonly kind: string; readonly id: string },
): Promise<ChangedMeanwhile | null> {
  if (version === undefined) return null;
  const entry = await tx.auditEntry.findFirst({
    where: { tenantId, objectKind: kind, objectId: id, action: { endsWith: ".remove" } },
    select: { at: true, actorId: true, actorName: true, objectName: true },
    orderBy: { n: "desc" },
  });
  if (entry === null) return null;
  return {
    kind: "changed-meanwhile",
    sentence: `${entry.objectName} was removed${byWhomAndWhen(ctx, entry)} while you were editing. What you typed is kept here: to have it again, add it anew.`,
  };
}

/** " by Ana Abel at 14:02 CET", to stand behind what was done. */
function byWhomAndWhen(
  { principal, services }: TenantContext,
  {
    at,
    actorId,
    actorName,
  }: { readonly at: Date; readonly actorId: string | null; readonly actorName: string },
): string {
  const who = actorId === principal.userId ? " by you, in another window," : ` by ${actorName}`;
  return `${who} ${momentText(at, principal.timeZone, services.now())}`;
}

/** "at 14:02 CET" of the same day, "on 21 Nov 2026, 14:02 CET" of another; in the reader's zone. */
function momentText(at: Date, zone: string, nowMs: number): string {
  const timeZone = isZone(zone) ? zone : "UTC";
  const day = new Intl.DateTimeFormat("en-GB", { timeZone, dateStyle: "short" });
  const isToday = day.format(at) === day.format(nowMs);
  const text = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
    ...(isToday ? {} : { day: "numeric" as const, month: "short" as const, year: "numeric" as const }),
  }).format(at);
  return isToday ? `at ${text}` : `on ${text}`;
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
