import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { type EnrolmentRecord, readEnrolments, type SiteRecord } from "../facts/read-facts.ts";
import { siteOf } from "./agent-rows.ts";
import type { enrolment, enrolmentList } from "./agents.schema.ts";
import { readSites } from "./list-agents.ts";

export async function listEnrolments(ctx: TenantContext): Promise<z.infer<typeof enrolmentList>> {
  const now = ctx.services.now();
  return ctx.run(async ({ tx, tenantId }) => {
    const sites = await readSites(tx, tenantId);
    const records = await readEnrolments(tx, tenantId);
    return { items: records.map((record) => enrolmentView(record, sites, now)), asOf: new Date(now) };
  });
}

export function enrolmentView(
  record: EnrolmentRecord,
  sites: readonly SiteRecord[],
  now: number,
): z.infer<typeof enrolment> {
  const { id, agentName, createdAt, notAfter, fileReadAt, usedAt, lastRefusal } = record;
  return {
    id,
    agentName,
    site: siteOf(record.siteId, sites),
    state: stateOf(record, now),
    createdAt,
    notAfter,
    fileReadAt,
    usedAt,
    lastRefusal,
  };
}

function stateOf(record: EnrolmentRecord, now: number): z.infer<typeof enrolment>["state"] {
  if (record.usedAt !== null) return "used";
  if (record.revokedAt !== null) return "revoked";
  if (record.notAfter.getTime() <= now) return "expired";
  return record.fileReadAt === null ? "waiting" : "read";
}
