import type { TenantHandle } from "@rollcall/db";
import { readSettings } from "../settings/customer-settings.ts";

const DAY_MS = 86_400_000;

/** Sites whose agents would act on service accounts and only suggest them yet: in the first days from the first agent on. */
export async function readLearningSites(
  { tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">,
  now: Date,
): Promise<{ site: string; until: Date }[]> {
  const { mode, learnDays } = (await readSettings({ tx, tenantId })).detection;
  if (mode !== "on" || learnDays === 0) return [];
  const agents = await tx.agent.findMany({
    where: { tenantId },
    select: { siteId: true, enrolledAt: true, site: { select: { name: true } } },
    orderBy: { enrolledAt: "asc" },
  });
  const first = new Map<string, { site: string; until: Date }>();
  for (const { siteId, enrolledAt, site } of agents)
    if (!first.has(siteId))
      first.set(siteId, { site: site.name, until: new Date(enrolledAt.getTime() + learnDays * DAY_MS) });
  return [...first.values()].filter(({ until }) => until > now);
}
