import type { Database } from "@rollcall/db";
import type { DeviceRings } from "../process/device-rings.ts";
import type { AdmittedAgent } from "./agent-door.ts";
import { type Answer, nothing, ok } from "./answer.ts";
import { heldSpaces, readSpeakers } from "./held-spaces.ts";
import { countOf, waitFor, waitMsOf } from "./long-poll.ts";

const POLL_MS = 2000;
const ITEMS_AT_ONCE = 500;
const PAGE_CHARACTERS = 4_000_000;
/** Nobody's: read in its name, nothing is left out as the reader's own. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

/**
 * GET /v1/downlink: what the cloud learnt from elsewhere about the address spaces that this agent holds.
 * With `own=1` what it learnt from this agent too: for one whose store was lost.
 */
export async function downlink(
  deps: { readonly database: Database; readonly rings: DeviceRings },
  agent: AdmittedAgent,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Answer> {
  const { tenantId, agentId, siteId } = agent;
  const after = countOf(query, "after") ?? 0;
  const reader = query.get("own") === "1" ? NOBODY : agentId;
  const spaces = await deps.database.withTenant(tenantId, async ({ tx }) =>
    heldSpaces(
      await tx.addressSpace.findMany({ where: { tenantId } }),
      await readSpeakers(tx, { tenantId, siteId, enabled: true }),
    ),
  );
  const page = await waitFor({
    bell: deps.rings,
    topic: `feed:${tenantId}`,
    waitMs: waitMsOf(query),
    pollMs: POLL_MS,
    signal,
    look: async () => {
      // A principal with many groups is large, and an agent bounds what it reads: a page too large is read smaller.
      for (let limit = ITEMS_AT_ONCE; ; limit = Math.ceil(limit / 4)) {
        const read = await deps.database.ledger.readDownlink(tenantId, reader, after, limit, [...spaces]);
        if (read.next <= after) return null;
        const items = read.items.map((item) =>
          item.kind === "observation" ? { observation: item.observation } : { principal: item.facts },
        );
        if (limit === 1 || JSON.stringify(items).length <= PAGE_CHARACTERS) return { next: read.next, items };
      }
    },
  });
  if (!page) return nothing;
  return ok(page);
}
