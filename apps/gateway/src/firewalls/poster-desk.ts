import { type Database, Prisma, type TenantHandle } from "@rollcall/db";
import { ALARM_MS } from "@rollcall/health";
import type { Logger, ReportError } from "@rollcall/observability";
import { sealedFor } from "../agents/compose-site-config.ts";
import { heldSpaces, readSpeakers } from "../agents/held-spaces.ts";
import type { DeviceRings } from "../process/device-rings.ts";
import { choosePoster, type PosterCandidate } from "./choose-poster.ts";

/** All customers are looked at so often; one whose configuration changed is looked at with the next look. */
const SWEEP_MS = 60_000;
/** Customers with a firewall that agents post to: an agent may be gone. */
const WATCH_MS = 10_000;

export interface PosterDeskDeps {
  readonly database: Database;
  readonly rings: DeviceRings;
  readonly now: () => number;
  readonly log: Logger;
  readonly report: ReportError;
}

/**
 * Sees to it that one agent of a site posts to each firewall that agents post to.
 *
 * Holds    which customers have such a firewall. Who was chosen is in the database, with how often one was.
 * Changed  by `look`, which is called every two seconds.
 * Promises the choice is part of the configuration: another one is another version, which both agents get by their long
 *          poll. Two gateways that look at once make one choice. For two minutes after a start, or after the
 *          database could not be read, nobody counts as gone.
 * Source   docs/adr/0014-push-keeps-what-it-told.md.
 */
export class PosterDesk {
  readonly #deps: PosterDeskDeps;
  readonly #watched = new Set<string>();
  readonly #changed = new Set<string>();
  #sweptAt = Number.NEGATIVE_INFINITY;
  #watchedAt = Number.NEGATIVE_INFINITY;
  #seeingSince: number;

  constructor(deps: PosterDeskDeps) {
    this.#deps = deps;
    this.#seeingSince = deps.now();
    deps.rings.onAny("config", (tenantId) => {
      if (tenantId === null) this.#sweptAt = Number.NEGATIVE_INFINITY;
      else this.#changed.add(tenantId);
    });
  }

  async look(): Promise<void> {
    for (const tenantId of await this.#due()) {
      this.#changed.delete(tenantId);
      try {
        await this.#choose(tenantId);
      } catch (error) {
        this.#changed.add(tenantId);
        this.#seeingSince = this.#deps.now();
        this.#deps.report(error, {
          attempted: "choose which agent posts to firewalls",
          fields: { tenantId },
        });
      }
    }
  }

  async #due(): Promise<readonly string[]> {
    const now = this.#deps.now();
    if (Math.abs(now - this.#sweptAt) >= SWEEP_MS) {
      const all = await this.#deps.database.tenantIds();
      this.#sweptAt = now;
      this.#watchedAt = now;
      this.#watched.clear();
      return all;
    }
    if (Math.abs(now - this.#watchedAt) < WATCH_MS) return [...this.#changed];
    this.#watchedAt = now;
    return [...new Set([...this.#watched, ...this.#changed])];
  }

  async #choose(tenantId: string): Promise<void> {
    const { database, rings, now, log } = this.#deps;
    const mayBeGone = now() - this.#seeingSince >= ALARM_MS;
    const outcome = await database.withTenant(tenantId, (handle) =>
      choosePosters(handle, { now: now(), mayBeGone }),
    );
    if (outcome.hasPosters) this.#watched.add(tenantId);
    else this.#watched.delete(tenantId);
    if (outcome.changed.length === 0) return;
    for (const { pointId, agentId } of outcome.changed)
      log.info({ tenantId, enforcementPointId: pointId, agentId }, "another agent posts to a firewall");
    rings.config(tenantId);
    rings.portal(tenantId);
  }
}

interface Choices {
  /** Whether any firewall of the customer is posted to by agents. */
  readonly hasPosters: boolean;
  readonly changed: readonly { readonly pointId: string; readonly agentId: string | null }[];
}

async function choosePosters(
  handle: TenantHandle,
  seen: { readonly now: number; readonly mayBeGone: boolean },
): Promise<Choices> {
  const { tx, tenantId } = handle;
  const posted = { pushFrom: "agent", push: { not: Prisma.DbNull } };
  // Whoever posts next must know that others did in between.
  await tx.enforcementPoint.updateMany({
    where: { tenantId, pushAgentId: { not: null }, NOT: posted },
    data: { pushAgentId: null },
  });
  const points = await tx.enforcementPoint.findMany({
    where: { tenantId, ...posted },
    select: {
      id: true,
      name: true,
      siteId: true,
      addressSpaceIds: true,
      pushAgentId: true,
      pushSecret: { select: { sealed: true } },
    },
  });
  if (points.length === 0) return { hasPosters: false, changed: [] };
  const agents = await tx.agent.findMany({
    where: { tenantId, state: "active" },
    select: { id: true, name: true, siteId: true, lastSeenAt: true, enrolledAt: true },
  });
  const addressSpaces = await tx.addressSpace.findMany({
    where: { tenantId },
    select: { id: true, isDefault: true },
  });
  const speakers = await readSpeakers(tx, { tenantId, enabled: true });
  const changed: { pointId: string; agentId: string | null }[] = [];
  for (const point of points) {
    const held = heldSpaces(
      addressSpaces,
      speakers.filter(({ siteId }) => siteId === point.siteId),
    );
    const isHeld = point.addressSpaceIds.every((id) => held.has(id));
    const able = agents
      .filter(({ id, siteId }) => {
        const canOpen = sealedFor(point.pushSecret?.sealed, id).length > 0;
        return isHeld && siteId === point.siteId && canOpen;
      })
      .map(
        ({ id, lastSeenAt, enrolledAt }): PosterCandidate => ({
          id,
          lastSeenAt: lastSeenAt?.getTime() ?? null,
          enrolledAt: enrolledAt.getTime(),
        }),
      );
    const agentId = choosePoster(point.pushAgentId, able, seen);
    if (agentId === point.pushAgentId) continue;
    // Another gateway may have chosen by now: then its choice stands.
    const { count } = await tx.enforcementPoint.updateMany({
      where: { tenantId, id: point.id, pushAgentId: point.pushAgentId },
      data: { pushAgentId: agentId, ...(agentId === null ? {} : { pushTurn: { increment: 1 } }) },
    });
    if (count === 0) continue;
    changed.push({ pointId: point.id, agentId });
    const nameOf = (id: string | null) => agents.find((agent) => agent.id === id)?.name ?? null;
    handle.audit({
      actor: { kind: "system", id: null, name: "Rollcall" },
      action: "point.push.poster",
      object: { kind: "enforcement-point", id: point.id, name: point.name },
      result: "done",
      detail: { before: { agent: nameOf(point.pushAgentId) }, after: { agent: nameOf(agentId) } },
    });
  }
  if (changed.length > 0)
    await tx.customer.update({ where: { id: tenantId }, data: { configVersion: { increment: 1 } } });
  return { hasPosters: true, changed };
}
