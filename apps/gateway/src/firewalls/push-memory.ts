import type { Database, Prisma } from "@rollcall/db";
import { type PushMemory, readProgress } from "@rollcall/srx-push";

/**
 * What the cloud remembers of one firewall that it posts to, in the database: whichever gateway posts, it knows the same.
 * A gateway that has lost the database cannot post a logon any more, because it cannot note it first.
 */
export function createDatabaseMemory(database: Database, tenantId: string, pointId: string): PushMemory {
  return {
    load: () =>
      database.withTenant(tenantId, async ({ tx }) => {
        const row = await tx.pushProgress.findUnique({
          where: { tenantId_enforcementPointId: { tenantId, enforcementPointId: pointId } },
          select: { progress: true },
        });
        return readProgress(row?.progress);
      }),
    save: (progress) =>
      database.withTenant(tenantId, async ({ tx }) => {
        const stored: Prisma.InputJsonObject = { ...progress };
        await tx.pushProgress.upsert({
          where: { tenantId_enforcementPointId: { tenantId, enforcementPointId: pointId } },
          create: { tenantId, enforcementPointId: pointId, progress: stored },
          update: { progress: stored },
        });
      }),
    willTell: (ips, round) =>
      database.withTenant(tenantId, async ({ tx }) => {
        await tx.$executeRaw`
          INSERT INTO push_told (tenant_id, enforcement_point_id, ip, round)
          SELECT DISTINCT ${tenantId}::uuid, ${pointId}::uuid, told.ip, ${round}::int FROM unnest(${[...ips]}::text[]) AS told (ip)
          ON CONFLICT (tenant_id, enforcement_point_id, ip) DO UPDATE SET round = EXCLUDED.round
          WHERE push_told.round <> EXCLUDED.round`;
      }),
    forget: (ips) =>
      database.withTenant(tenantId, async ({ tx }) => {
        await tx.pushTold.deleteMany({
          where: { tenantId, enforcementPointId: pointId, ip: { in: [...ips] } },
        });
      }),
    mayHold: (ips) =>
      database.withTenant(tenantId, async ({ tx }) => {
        const rows = await tx.pushTold.findMany({
          where: { tenantId, enforcementPointId: pointId, ip: { in: [...ips] } },
          select: { ip: true },
        });
        return new Set(rows.map(({ ip }) => ip));
      }),
    leftBehind: (round, limit) =>
      database.withTenant(tenantId, async ({ tx }) => {
        const rows = await tx.pushTold.findMany({
          where: { tenantId, enforcementPointId: pointId, round: { lt: round } },
          select: { ip: true },
          take: limit,
        });
        return rows.map(({ ip }) => ip);
      }),
  };
}
