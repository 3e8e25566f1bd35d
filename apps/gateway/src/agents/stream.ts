import { openRequest, readBatch, readMessage, readStreamItem } from "@rollcall/agent-protocol";
import type { Database, LedgerItem } from "@rollcall/db";
import type { Observation, PrincipalFacts } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { DeviceRings } from "../process/device-rings.ts";
import type { AdmittedAgent } from "./agent-door.ts";
import { type Answer, ok, refuse, unreadable } from "./answer.ts";
import type { ItemCheck, TrustedSources } from "./trusted-sources.ts";

/** What an agent may send at once, and how long it should wait between two batches. */
const LIMITS = { maxItems: 1000, minGapMs: 0 };

export interface StreamDeps {
  readonly database: Database;
  readonly rings: DeviceRings;
  readonly trusted: TrustedSources;
  readonly log: Logger;
  readonly now: () => number;
}

/** POST /v1/streams/open: where the agent's stream goes on, or under which new epoch it begins anew. */
export async function openStream(deps: StreamDeps, agent: AdmittedAgent, text: string): Promise<Answer> {
  const read = readMessage(openRequest, text);
  if (read.kind === "unreadable") return unreadable(read.reason, read.issues);
  const { tenantId, agentId } = agent;
  const { lane, spoolId, bootId, epoch, nextSeq, oldestRetained } = read.message;
  const opened = await deps.database.ledger.openStream({
    tenantId,
    agentId,
    lane,
    spoolId,
    bootId,
    epoch,
    nextSeq,
    oldestRetained,
  });
  const resumeFrom = opened.kind === "locked" ? 1 : opened.resumeFrom;
  deps.log.info(
    {
      tenantId,
      agentId,
      outcome: opened.kind,
      reason: opened.kind === "snapshot" ? opened.because : undefined,
      epoch: opened.epoch,
      first: resumeFrom,
    },
    "stream opened",
  );
  if (opened.kind !== "continue") deps.rings.portal(tenantId);
  return ok({
    action: opened.kind,
    stream: lane,
    epoch: opened.epoch,
    resumeFrom,
    serverTime: deps.now(),
    limits: LIMITS,
  });
}

/**
 * POST /v1/streams/{stream}/batches.
 *
 * Acknowledged only after the commit: an answer of any other kind, or none, means that the agent sends again.
 */
export async function takeBatch(
  deps: StreamDeps,
  agent: AdmittedAgent,
  lane: string,
  text: string,
): Promise<Answer> {
  const read = readBatch(text);
  if (read.kind === "unreadable") return unreadable(read.reason, read.issues);
  const batch = read.message;
  const { tenantId, agentId } = agent;
  const check = deps.trusted.checkOf(tenantId, agent.siteId);
  const items: LedgerItem[] = [];
  for (const [index, value] of batch.items.entries())
    items.push(await toLedgerItem(check, value, batch.first + index));

  const startedAt = performance.now();
  const outcome = await deps.database.ledger.commitBatch({
    tenantId,
    agentId,
    lane,
    epoch: batch.epoch,
    first: batch.first,
    last: batch.last,
    items,
  });
  if (outcome.kind !== "committed") {
    deps.log.warn(
      { tenantId, agentId, outcome: outcome.kind, epoch: batch.epoch, first: batch.first },
      "batch refused",
    );
    return refuse(409, {
      code: outcome.kind,
      message: REFUSALS[outcome.kind],
      ...(outcome.kind === "gap" ? { expected: outcome.expected } : {}),
    });
  }
  const elapsedMs = Math.round(performance.now() - startedAt);
  deps.log.debug(
    { tenantId, agentId, items: batch.count, ack: outcome.ack, revision: outcome.revision, elapsedMs },
    "batch committed",
  );
  if (outcome.deadLetters > 0)
    deps.log.warn(
      { tenantId, agentId, count: outcome.deadLetters, first: batch.first, last: batch.last },
      "items kept as dead letters",
    );
  if (outcome.changed || outcome.observed) {
    deps.rings.feed(tenantId);
    deps.rings.portal(tenantId);
  }
  return ok({
    ack: outcome.ack,
    epoch: outcome.epoch,
    revision: outcome.revision,
    serverTime: deps.now(),
    deadLetters: outcome.deadLetters,
  });
}

const REFUSALS = {
  "stale-epoch": "A newer epoch is open: this stream was taken over. Open the stream again.",
  "unknown-epoch": "This gateway has not given out that epoch. Open the stream again.",
  gap: "Items before this batch are missing.",
} as const;

async function toLedgerItem(check: ItemCheck, value: unknown, seq: number): Promise<LedgerItem> {
  const read = readStreamItem(value, seq);
  if (read.kind === "unreadable") return { seq, kind: "unreadable", reason: read.reason, item: read.item };
  const objection = await check(read.item);
  if (objection !== null) return { seq, kind: "unreadable", reason: objection, item: value };
  if (read.item.kind === "principal") {
    const facts: PrincipalFacts = read.item.principal;
    return { seq, kind: "principal", facts };
  }
  // The address was compared with its canonical form above: the brand is earned.
  return { seq, kind: "observation", observation: read.item.observation as Observation };
}
