import type { DetectionReport } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";

/** How often a suggestion that only goes on is written again: its "last seen" need not be finer. */
const AGAIN_MS = 60_000;

/**
 * Keeps what an agent found as suggestions, for a person to decide.
 *
 * Shape:  one row of each kind and subject, whichever agents found it. What somebody decided stays decided: only numbers
 *         and the time it was last seen are brought up to date. `automatic` where an agent acts by itself already.
 */
export async function keepSuggestions(
  { tx, tenantId }: TenantHandle,
  agentId: string,
  detections: readonly DetectionReport[],
): Promise<void> {
  if (detections.length === 0) return;
  const known = new Map(
    (
      await tx.suggestion.findMany({
        where: { tenantId, subject: { in: detections.map(({ subject }) => subject) } },
        select: { id: true, kind: true, subject: true, state: true, lastSeenAt: true, evidence: true },
      })
    ).map((row) => [`${row.kind} ${row.subject}`, row]),
  );
  for (const { kind, subject, acted, firstSeenAt, lastSeenAt, count, examples, signs } of detections) {
    const before = known.get(`${kind} ${subject}`);
    const evidence = { count, examples, signs };
    if (before === undefined) {
      const state = acted ? "automatic" : "open";
      const times = { firstSeenAt: new Date(firstSeenAt), lastSeenAt: new Date(lastSeenAt) };
      // Another agent may say the same at this moment.
      await tx.suggestion.createMany({
        data: [{ tenantId, agentId, kind, subject, evidence, state, ...times }],
        skipDuplicates: true,
      });
      continue;
    }
    const isUndecided = before.state === "open" || before.state === "automatic";
    const state = isUndecided ? (acted ? "automatic" : "open") : before.state;
    const isNews = lastSeenAt - before.lastSeenAt.getTime() >= AGAIN_MS;
    if (state === before.state && !isNews) continue;
    // Whoever decides at this moment decides: what was read before that does not undo it.
    await tx.suggestion.updateMany({
      where: { tenantId, id: before.id, state: before.state },
      data: {
        state,
        agentId,
        evidence,
        lastSeenAt: new Date(Math.max(lastSeenAt, before.lastSeenAt.getTime())),
      },
    });
  }
}
