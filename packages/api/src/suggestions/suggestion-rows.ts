import type { TenantHandle } from "@rollcall/db";
import { z } from "zod";
import { type SuggestionView, suggestionView } from "./suggestions.schema.ts";

type Tx = TenantHandle["tx"];

const SUGGESTIONS_MAX = 500;
const DECISIONS_MAX = 2000;
/** JSON columns are input too: what does not fit is as if it were not there. */
const evidenceShape = z.object({
  count: z.number().int().catch(0),
  examples: z.array(z.string()).catch([]),
  signs: z.array(z.string()).catch([]),
});
const OBJECT = "suggestion";
export const DECISIONS = {
  approve: "suggestion.approve",
  dismiss: "suggestion.dismiss",
  undo: "suggestion.undo",
} as const;

/** The two kinds of subject: `domain\name`, or `addressSpaceId|address`. */
export function accountOf(subject: string): { readonly domain: string; readonly name: string } {
  const slash = subject.indexOf("\\");
  return { domain: subject.slice(0, Math.max(0, slash)), name: subject.slice(slash + 1) };
}

export function addressOf(subject: string): { readonly addressSpaceId: string; readonly ip: string } | null {
  const bar = subject.indexOf("|");
  return bar < 0 ? null : { addressSpaceId: subject.slice(0, bar), ip: subject.slice(bar + 1) };
}

/** What agents found and a person decides; of one id, or all with `null`. */
export async function readSuggestions(
  tx: Tx,
  { tenantId, id }: { readonly tenantId: string; readonly id: string | null },
): Promise<SuggestionView[]> {
  const rows = await tx.suggestion.findMany({
    where: id === null ? { tenantId } : { tenantId, id },
    orderBy: [{ lastSeenAt: "desc" }, { id: "asc" }],
    take: SUGGESTIONS_MAX,
  });
  const spaces = await namesOf(
    tx.addressSpace.findMany({ where: { tenantId }, select: { id: true, name: true } }),
  );
  const agents = await namesOf(tx.agent.findMany({ where: { tenantId }, select: { id: true, name: true } }));
  const madeIds = rows.flatMap(({ madeId }) => (madeId === null ? [] : [madeId]));
  const alive = await aliveOf(tx, tenantId, madeIds);
  const history = await historyOf(
    tx,
    tenantId,
    rows.map((row) => row.id),
  );
  return rows
    .map((row): SuggestionView => {
      const kind = suggestionView.shape.kind.parse(row.kind);
      const address = kind === "service-account" ? null : addressOf(row.subject);
      const evidence = evidenceShape.catch({ count: 0, examples: [], signs: [] }).parse(row.evidence);
      return {
        id: row.id,
        kind,
        account: kind === "service-account" ? accountOf(row.subject) : null,
        address: address && {
          ip: address.ip,
          addressSpace: { id: address.addressSpaceId, name: spaces.get(address.addressSpaceId) ?? "" },
        },
        agent: agents.get(row.agentId) ?? "an agent that is gone",
        ...evidence,
        state: suggestionView.shape.state.parse(row.state),
        firstSeenAt: row.firstSeenAt,
        lastSeenAt: row.lastSeenAt,
        made:
          row.madeId === null
            ? null
            : {
                kind: kind === "service-account" ? "filter" : "mark",
                id: row.madeId,
                exists: alive.has(row.madeId),
              },
        history: history.get(row.id) ?? [],
      };
    })
    .sort((a, b) => urgencyOf(b) - urgencyOf(a));
}

/** What waits for a person first, then what is acted on without one, then what is decided. */
function urgencyOf({ state }: SuggestionView): number {
  return state === "open" ? 2 : state === "automatic" ? 1 : 0;
}

/** How many wait for a person. */
export async function countOpenSuggestions(tx: Tx, tenantId: string): Promise<number> {
  return tx.suggestion.count({ where: { tenantId, state: "open" } });
}

async function namesOf(
  reading: PromiseLike<readonly { readonly id: string; readonly name: string }[]>,
): Promise<ReadonlyMap<string, string>> {
  return new Map((await reading).map(({ id, name }) => [id, name]));
}

async function aliveOf(tx: Tx, tenantId: string, ids: string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const where = { tenantId, id: { in: ids } };
  const filters = await tx.filter.findMany({ where, select: { id: true } });
  const marks = await tx.addressMark.findMany({ where, select: { id: true } });
  return new Set([...filters, ...marks].map(({ id }) => id));
}

/** The audit log remembers every decision, also those that were taken back. */
async function historyOf(
  tx: Tx,
  tenantId: string,
  ids: string[],
): Promise<ReadonlyMap<string, SuggestionView["history"]>> {
  const entries = await tx.auditEntry.findMany({
    where: { tenantId, objectKind: OBJECT, objectId: { in: ids } },
    select: { at: true, actorName: true, action: true, objectId: true },
    orderBy: { n: "desc" },
    take: DECISIONS_MAX,
  });
  const byId = new Map<string, SuggestionView["history"]>();
  for (const { at, actorName, action, objectId } of entries) {
    const decision = suggestionView.shape.history.element.shape.decision.safeParse(
      action.replace(`${OBJECT}.`, ""),
    );
    if (objectId === null || !decision.success) continue;
    byId.set(objectId, [...(byId.get(objectId) ?? []), { at, actor: actorName, decision: decision.data }]);
  }
  return byId;
}
