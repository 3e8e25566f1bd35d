import { randomUUID } from "node:crypto";
import type { AgentCommand } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";
import { STALE_MS } from "@rollcall/health";
import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { PROBE_SOURCE_ID } from "../facts/read-facts.ts";
import type { Permission } from "../permissions.ts";
import type { startCommandInput, startedCommand } from "./commands.schema.ts";

export type StartCommandOutcome =
  | { readonly kind: "started"; readonly command: z.infer<typeof startedCommand> }
  | { readonly kind: "not-allowed" }
  | { readonly kind: "not-found" }
  | { readonly kind: "no-agent"; readonly sentence: string }
  | { readonly kind: "too-many"; readonly waiting: number };

/** What a command shows decides who may start it and read its result. */
export const COMMAND_PERMISSIONS: Readonly<Record<AgentCommand["kind"], Permission>> = {
  "test-source": "source:test",
  doctor: "source:test",
  "look-up-address": "session:read",
  tail: "source:lines",
  "push-resync": "point:write",
  "resume-credential": "source:write",
  "probe-address": "session:read",
};

const WAITING_MAX = 20;
const DEADLINE_MS: Readonly<Record<AgentCommand["kind"], number>> = {
  "test-source": 60_000,
  doctor: 180_000,
  "look-up-address": 15_000,
  tail: 90_000,
  "push-resync": 60_000,
  "resume-credential": 15_000,
  "probe-address": 60_000,
};
const OPEN_STATES = ["queued", "sent", "running"];

/** Puts a command down for an agent and rings: the agent fetches it over its own stream. */
export async function startCommand(
  ctx: TenantContext,
  { agentId, command }: z.output<typeof startCommandInput>,
): Promise<StartCommandOutcome> {
  if (!ctx.permissions.has(COMMAND_PERMISSIONS[command.kind])) return { kind: "not-allowed" };
  const id = randomUUID();
  return change(ctx, async ({ tx, tenantId, now, record, ring }): Promise<StartCommandOutcome> => {
    const place = await placeOfCommand(tx, tenantId, command);
    if (place === "not-found") return { kind: "not-found" };
    const asked = place.command ?? command;
    const chosen = await chooseAgent(tx, {
      tenantId,
      agentId: agentId ?? place.agentId,
      siteId: place.siteId,
      now,
    });
    if (chosen.kind !== "chosen") return chosen;
    const { agent } = chosen;
    const waiting = await tx.agentCommand.count({
      where: { tenantId, agentId: agent.id, state: { in: OPEN_STATES }, deadline: { gt: now } },
    });
    if (waiting >= WAITING_MAX) return { kind: "too-many", waiting };
    const deadline = new Date(now.getTime() + DEADLINE_MS[command.kind]);
    await tx.agentCommand.create({
      data: {
        tenantId,
        id,
        agentId: agent.id,
        kind: command.kind,
        command: asked,
        deadline,
        createdById: ctx.principal.userId,
        createdAt: now,
        updatedAt: now,
      },
    });
    record({
      action: `agent.command.${command.kind}`,
      object: { kind: "agent", id: agent.id, name: agent.name },
      after: { commandId: id, ...asked },
    });
    ring(`commands:${tenantId}`);
    return { kind: "started", command: { id, agent, deadline } };
  });
}

type Tx = TenantHandle["tx"];

interface Place {
  /** The site whose agents can run it; null: any. */
  readonly siteId: string | null;
  /** The one agent that can; null: any of the site. */
  readonly agentId: string | null;
  /** What the agent is asked, where that is not what was asked here. */
  readonly command?: AgentCommand;
}

async function placeOfCommand(tx: Tx, tenantId: string, command: AgentCommand): Promise<Place | "not-found"> {
  if (command.kind === "push-resync") {
    if (!/^[0-9a-f-]{36}$/i.test(command.enforcementPointId)) return "not-found";
    const point = await tx.enforcementPoint.findUnique({
      where: { tenantId_id: { tenantId, id: command.enforcementPointId } },
      select: { siteId: true, pushAgentId: true },
    });
    // Of the site's agents one posts: no other could tell the firewall anything.
    return point === null ? "not-found" : { siteId: point.siteId, agentId: point.pushAgentId };
  }
  // A pause is an agent's own, and so is what it is examined for: whoever asks names the agent.
  if (command.kind === "resume-credential" || command.kind === "doctor")
    return { siteId: null, agentId: null };
  if (command.kind === "probe-address") {
    const addressSpaceId = command.addressSpaceId;
    if (addressSpaceId !== undefined && !/^[0-9a-f-]{36}$/i.test(addressSpaceId)) return "not-found";
    // Computers are asked from the site whose probe speaks for their address space.
    return placeAt(
      await tx.pcProbe.findFirst({
        where: { tenantId, enabled: true, ...(addressSpaceId === undefined ? {} : { addressSpaceId }) },
        select: { siteId: true },
        orderBy: { createdAt: "asc" },
      }),
    );
  }
  const sourceId = command.kind === "look-up-address" ? undefined : command.sourceId;
  if (sourceId === undefined) return { siteId: null, agentId: null };
  if (!/^[0-9a-f-]{36}$/i.test(sourceId)) return "not-found";
  const where = { tenantId_id: { tenantId, id: sourceId } };
  const select = { siteId: true };
  const kind = command.kind === "test-source" ? command.sourceKind : "syslog";
  switch (kind) {
    case "directory":
      return placeAt(await tx.directory.findUnique({ where, select }));
    case "syslog":
      return placeAt(await tx.syslogSource.findUnique({ where, select }));
    case "event-log":
      return placeAt(await tx.eventSource.findUnique({ where, select }));
    case "wef":
      return placeAt(await tx.wefReceiver.findUnique({ where, select }));
    case "pc-probe": {
      // Here a site's probe goes by the site; an agent has one and knows it by a name.
      const probe = await tx.pcProbe.findUnique({
        where: { tenantId_siteId: { tenantId, siteId: sourceId } },
        select,
      });
      const place = placeAt(probe);
      if (place === "not-found" || command.kind !== "test-source") return place;
      return { ...place, command: { ...command, sourceId: PROBE_SOURCE_ID } };
    }
  }
}

function placeAt(source: { readonly siteId: string } | null): Place | "not-found" {
  return source === null ? "not-found" : { siteId: source.siteId, agentId: null };
}

type Chosen =
  | { readonly kind: "chosen"; readonly agent: { readonly id: string; readonly name: string } }
  | { readonly kind: "not-found" }
  | { readonly kind: "no-agent"; readonly sentence: string };

async function chooseAgent(
  tx: Tx,
  wanted: {
    readonly tenantId: string;
    readonly agentId: string | null;
    readonly siteId: string | null;
    readonly now: Date;
  },
): Promise<Chosen> {
  const { tenantId, agentId, siteId, now } = wanted;
  const agents = await tx.agent.findMany({
    where: { tenantId, ...(agentId === null ? {} : { id: agentId }), ...(siteId === null ? {} : { siteId }) },
    select: { id: true, name: true, state: true, lastSeenAt: true },
    orderBy: { lastSeenAt: { sort: "desc", nulls: "last" } },
  });
  const [freshest] = agents.filter((agent) => agent.state === "active");
  if (agentId !== null && agents.length === 0) return { kind: "not-found" };
  if (freshest === undefined)
    return { kind: "no-agent", sentence: "There is no agent that could do it: enrol one first." };
  const silence = now.getTime() - (freshest.lastSeenAt?.getTime() ?? 0);
  if (silence >= STALE_MS)
    return {
      kind: "no-agent",
      sentence: `${freshest.name} is not connected: it cannot be asked until it is.`,
    };
  return { kind: "chosen", agent: { id: freshest.id, name: freshest.name } };
}
