import type { TenantHandle } from "@rollcall/db";
import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import type { AgentRecord, ContactRecord } from "../facts/read-facts.ts";
import { dateOf } from "../facts/stored-json.ts";
import { readPointFacts } from "./point-rows.ts";
import type { contact, pointDetail } from "./points.schema.ts";

type Detail = z.infer<typeof pointDetail>;

/** One firewall with what each responder told it; null where there is none of that id. */
export async function readPoint(ctx: TenantContext, id: string): Promise<Detail | null> {
  return ctx.run(({ tx, tenantId }) => readPointDetail(ctx, { tx, tenantId, id }));
}

/** The same within a transaction that goes on. */
export async function readPointDetail(
  ctx: TenantContext,
  place: { readonly tx: TenantHandle["tx"]; readonly tenantId: string; readonly id: string },
): Promise<Detail | null> {
  const { tx, tenantId, id } = place;
  const now = ctx.services.now();
  const { points, agents } = await readPointFacts(tx, { tenantId, id, now });
  const [point] = points;
  if (point === undefined) return null;
  const secrets = await tx.enforcementSecret.findMany({
    where: { tenantId, enforcementPointId: id },
    select: { id: true, createdAt: true, expiresAt: true, revokedAt: true },
    orderBy: { createdAt: "desc" },
    take: 20,
  });
  const maySeePeople = ctx.permissions.has("session:read");
  return {
    ...point.row,
    junos: point.junos,
    secrets: secrets.map((secret) => ({ ...secret, state: stateOf(secret, now) })),
    contacts: point.contacts.map((record) => contactView(record, agents, maySeePeople)),
    asOf: new Date(now),
  };
}

interface SecretTimes {
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

function stateOf({ expiresAt, revokedAt }: SecretTimes, now: number): Detail["secrets"][number]["state"] {
  if (revokedAt !== null) return "revoked";
  if (expiresAt === null) return "current";
  return expiresAt.getTime() > now ? "overlapping" : "expired";
}

function contactView(
  { responder, updatedAt, contact: said }: ContactRecord,
  agents: readonly AgentRecord[],
  maySeePeople: boolean,
): z.infer<typeof contact> {
  const agent = agents.find((one) => one.id === responder);
  return {
    responder,
    name: responder === "cloud" ? "Cloud" : (agent?.name ?? "an agent that is gone"),
    lastTokenAt: dateOf(said.lastTokenAt),
    lastBatchAt: dateOf(said.lastBatchAt),
    lastIpQueryAt: dateOf(said.lastIpQueryAt),
    tokens: said.tokens,
    batches: said.batches,
    ipQueries: said.ipQueries,
    entriesSent: said.entriesSent,
    refused: said.refused,
    lastRefusal: said.lastRefusal,
    lastSourceAddress: said.lastSourceAddress,
    updatedAt,
    told: maySeePeople ? said.told.map(({ at, ...one }) => ({ ...one, at: new Date(at) })) : [],
  };
}
