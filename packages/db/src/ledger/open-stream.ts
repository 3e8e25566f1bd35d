import type pg from "pg";
import { auditStatement } from "../audit/write-audit.ts";
import type { OpenOutcome, OpenStream } from "./ledger-types.ts";

/** A sender that committed something this recently is alive: an older one with the same identity is a clone. */
const LIVE_MS = 60_000;

interface StreamRow {
  readonly spool_id: string;
  readonly boot_id: string;
  readonly epoch: number;
  readonly committed: string;
  readonly updated_at: Date;
}

type Because = Extract<OpenOutcome, { kind: "snapshot" }>["because"];

/**
 * Decides where a stream goes on, within the caller's transaction.
 *
 * Shape:  `continue` only for the same spool in the same epoch that still holds all we lack. Everything else gets a
 *         new epoch, greater than any this agent or we ever used, which fences the former sender off.
 * Units:  `now` is epoch ms.
 */
export async function openStream(
  client: pg.PoolClient,
  open: OpenStream,
  context: { readonly now: number; readonly node: string },
): Promise<OpenOutcome> {
  const key = [open.tenantId, open.agentId, open.lane];
  // The row to lock may not be there yet; epoch 0 is never given out.
  await client.query(
    `INSERT INTO agent_stream (tenant_id, agent_id, lane, spool_id, boot_id, epoch, committed, updated_at)
     VALUES ($1, $2, $3, $4, $5, 0, 0, to_timestamp($6::float8 / 1000)) ON CONFLICT DO NOTHING`,
    [...key, open.spoolId, open.bootId, context.now],
  );
  const { rows } = await client.query<StreamRow>(
    `SELECT spool_id, boot_id, epoch, committed, updated_at FROM agent_stream
     WHERE tenant_id = $1 AND agent_id = $2 AND lane = $3 FOR UPDATE`,
    key,
  );
  const row = rows[0];
  if (!row) throw new Error(`open the stream of agent ${open.agentId}: its row vanished`);
  const committed = Number(row.committed);
  const verdict = decide(row, committed, open, context.now);
  if (verdict === "locked") return { kind: "locked", epoch: row.epoch };
  if (verdict === "continue") {
    await client.query(
      "UPDATE agent_stream SET boot_id = $4 WHERE tenant_id = $1 AND agent_id = $2 AND lane = $3",
      [...key, open.bootId],
    );
    return { kind: "continue", epoch: row.epoch, resumeFrom: committed + 1 };
  }
  const epoch = Math.max(row.epoch, open.epoch) + 1;
  await client.query(
    `UPDATE agent_stream SET spool_id = $4, boot_id = $5, epoch = $6, committed = 0, updated_at = to_timestamp($7::float8 / 1000)
     WHERE tenant_id = $1 AND agent_id = $2 AND lane = $3`,
    [...key, open.spoolId, open.bootId, epoch, context.now],
  );
  if (verdict !== "first")
    await noteNewEpoch(client, open, { ...context, epoch, committed, because: verdict });
  return { kind: "snapshot", epoch, resumeFrom: 1, because: verdict };
}

function decide(
  row: StreamRow,
  committed: number,
  open: OpenStream,
  now: number,
): "continue" | "locked" | Because {
  if (row.epoch === 0) return "first";
  if (open.epoch > row.epoch) return "newer-epoch";
  if (open.epoch < row.epoch) {
    // Two that are not there: a spool that never had an epoch takes over at once; and a sender that died between our
    // answer and its own disk comes back with the older epoch while nobody used the newer.
    const mayBeClone = open.epoch > 0 && committed > 0 && row.boot_id !== open.bootId;
    if (mayBeClone && now - row.updated_at.getTime() < LIVE_MS) return "locked";
    return row.spool_id === open.spoolId ? "older-epoch" : "new-spool";
  }
  if (row.spool_id !== open.spoolId) return "new-spool";
  if (open.nextSeq - 1 < committed) return "spool-rolled-back";
  if (open.oldestRetained > committed + 1) return "hole";
  return "continue";
}

const REASONS: Readonly<Record<Exclude<Because, "first">, string>> = {
  "new-spool":
    "The agent has a new spool: its former one was lost, moved away, or belongs to another machine.",
  "spool-rolled-back":
    "The agent's spool is older than what it sent before: a restored backup or snapshot, or a clone.",
  "older-epoch":
    "The agent came back with an older epoch: a restored backup or snapshot, or it died while opening.",
  "newer-epoch": "The agent has a newer epoch than the ledger: the ledger was restored from a backup.",
  hole: "The agent no longer holds what the ledger lacks: that part of the logon history is lost; the state is sent anew.",
};

async function noteNewEpoch(
  client: pg.PoolClient,
  open: OpenStream,
  facts: { now: number; node: string; epoch: number; committed: number; because: Exclude<Because, "first"> },
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT name FROM agent WHERE tenant_id = $1 AND id = $2",
    [open.tenantId, open.agentId],
  );
  const name = rows[0]?.name ?? open.agentId;
  const { text, values } = auditStatement(open.tenantId, {
    node: facts.node,
    at: facts.now,
    entry: {
      actor: { kind: "agent", id: open.agentId, name },
      action: "agent.stream-begun-anew",
      object: { kind: "agent", id: open.agentId, name },
      result: "done",
      detail: {
        before: { committed: facts.committed },
        after: {
          epoch: facts.epoch,
          ...(facts.because === "hole"
            ? { lostFrom: facts.committed + 1, lostTo: open.oldestRetained - 1 }
            : {}),
        },
        reason: REASONS[facts.because],
      },
    },
  });
  await client.query(text, values);
}
