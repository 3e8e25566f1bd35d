import type { TenantHandle } from "@rollcall/db";
import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import type { AgentRecord, ContactRecord } from "../facts/read-facts.ts";
import { dateOf } from "../facts/stored-json.ts";
import { readSessionNames, sourceName } from "../sessions/session-rows.ts";
import { readPointFacts } from "./point-rows.ts";
import type { contact, pointDetail } from "./points.schema.ts";
import { profileName } from "./profile-choice.ts";
import { pushViewOf } from "./push-view.ts";

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
    select: { id: true, origin: true, createdAt: true, expiresAt: true, revokedAt: true },
    orderBy: { createdAt: "desc" },
    take: 20,
  });
  const { profile } = point.row;
  const maySeePeople = ctx.permissions.has("session:read");
  return {
    ...point.row,
    junos: point.junos,
    profileName: (await profileName({ tx, tenantId }, profile)) ?? profile,
    learning: [...learningOf(id, agents), ...cloudsLearning(point.contacts)],
    push: pushViewOf(point.stored, agents),
    darkSources: await darkSourcesOf({ tx, tenantId, agents }),
    secrets: secrets.map((secret) => ({
      ...secret,
      origin: secret.origin === "chosen" ? "chosen" : "made",
      state: stateOf(secret, now),
    })),
    contacts: point.contacts.map((record) => contactView(record, agents, maySeePeople)),
    asOf: new Date(now),
  };
}

function learningOf(id: string, agents: readonly AgentRecord[]): Detail["learning"] {
  return agents.flatMap((agent) => {
    const said = agent.report?.health.learning.find((one) => one.enforcementPointId === id);
    if (said === undefined || agent.state !== "active") return [];
    const { profile, state, since, tried } = said;
    return [{ agent: agent.name, profile, state, since: new Date(since), tried }];
  });
}

function cloudsLearning(contacts: readonly ContactRecord[]): Detail["learning"] {
  return contacts.flatMap(({ responder, contact: { learning } }) => {
    if (responder !== "cloud" || !learning) return [];
    const { profile, state, since, tried } = learning;
    return [{ agent: "Cloud", profile, state, since: new Date(since), tried }];
  });
}

async function darkSourcesOf(place: {
  readonly tx: TenantHandle["tx"];
  readonly tenantId: string;
  readonly agents: readonly AgentRecord[];
}): Promise<Detail["darkSources"]> {
  const said = place.agents.flatMap((agent) =>
    agent.state === "active" && agent.report !== null
      ? agent.report.health.darkSources.map((source) => ({ ...source, agent: agent.name }))
      : [],
  );
  if (said.length === 0) return [];
  const names = await readSessionNames(place.tx, place.tenantId);
  return said.map(({ sourceId, since, agent }) => ({
    name: sourceName(sourceId, names),
    since: new Date(since),
    agent,
  }));
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
    tls: said.tls ?? null,
    newSource: said.newSource === undefined ? null : { ...said.newSource, at: new Date(said.newSource.at) },
    entriesBeyondLimit: said.entriesBeyondLimit,
    updatedAt,
    told: maySeePeople ? said.told.map(({ at, ...one }) => ({ ...one, at: new Date(at) })) : [],
  };
}
