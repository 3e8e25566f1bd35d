import { SITE_LIMITS } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";
import {
  BUILT_IN_PROFILES,
  builtInProfile,
  describeProfile,
  previewProfile,
  readProfile,
  readProfileText,
  type SrxProfile,
} from "@rollcall/srx-protocol";
import type { z } from "zod";
import type { ProfileDetail, previewResult, profileRow } from "./profiles.schema.ts";

type Row = z.infer<typeof profileRow>;
type Preview = z.infer<typeof previewResult>;
type Tenant = Pick<TenantHandle, "tx" | "tenantId">;

/** The site's configuration holds at most this many of a customer's own. */
export const PROFILES_MAX = SITE_LIMITS.profiles;

/** The built-in profiles in the order in which learning tries them, then the customer's own by name. */
export async function readProfileRows({ tx, tenantId }: Tenant): Promise<Row[]> {
  const points = await tx.enforcementPoint.findMany({
    where: { tenantId },
    select: { id: true, name: true, profile: true },
    orderBy: { name: "asc" },
  });
  const usedBy = (id: string) =>
    points.filter((point) => point.profile === id).map(({ id: pointId, name }) => ({ id: pointId, name }));
  const own = await tx.srxProfile.findMany({
    where: { tenantId },
    select: { id: true, name: true, note: true, updatedAt: true },
    orderBy: { name: "asc" },
    take: PROFILES_MAX,
  });
  return [
    ...BUILT_IN_PROFILES.map(({ id, name, sentence }) => ({
      id,
      name,
      isBuiltIn: true,
      note: sentence,
      usedBy: usedBy(id),
      updatedAt: null,
    })),
    ...own.map((row) => ({ ...row, isBuiltIn: false, usedBy: usedBy(row.id) })),
  ];
}

/** One profile with its text and how it answers; null where there is none of that id. */
export async function readProfileDetail(tenant: Tenant, id: string): Promise<ProfileDetail | null> {
  const row = (await readProfileRows(tenant)).find((one) => one.id === id);
  if (row === undefined) return null;
  const builtIn = builtInProfile(id);
  if (builtIn !== null)
    return { ...row, text: textOf(builtIn.document), reading: { kind: "read", ...shownAs(builtIn) } };
  const { tx, tenantId } = tenant;
  const { document } = await tx.srxProfile.findUniqueOrThrow({
    where: { tenantId_id: { tenantId, id } },
    select: { document: true },
  });
  const reading = readProfile(document, { key: id, name: row.name });
  return reading.kind === "profile"
    ? {
        ...row,
        text: textOf(reading.profile.document),
        reading: { kind: "read", ...shownAs(reading.profile) },
      }
    : { ...row, text: textOf(document), reading: { kind: "unreadable", faults: [...reading.faults] } };
}

/** How a firewall would be answered by what somebody typed, or what is wrong with it. */
export function previewText(text: string): Preview {
  const reading = readProfileText(text);
  return reading.kind === "profile"
    ? { kind: "read", ...shownAs(reading.profile) }
    : { kind: "refused", faults: [...reading.faults] };
}

function shownAs(profile: SrxProfile): Omit<Extract<Preview, { kind: "read" }>, "kind"> {
  return { description: [...describeProfile(profile)], exchanges: [...previewProfile(profile)] };
}

function textOf(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
