import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { findSessions } from "./find-sessions.ts";
import { decodeCursor, encodeCursor, sessionQuery } from "./session-query.ts";
import { readSessionNames, sessionRowOf } from "./session-rows.ts";
import type { sessionPage, sessionSearchInput } from "./sessions.schema.ts";

/** Told exactly up to here: beyond it a number says no more than that there are many. */
const TOTAL_MAX = 10_000;

/** Who is at which address, newest first. */
export async function searchSessions(
  ctx: TenantContext,
  input: z.output<typeof sessionSearchInput>,
): Promise<z.infer<typeof sessionPage>> {
  const now = new Date(ctx.services.now());
  const query = sessionQuery(input);
  const cursor = decodeCursor(input.cursor);
  return ctx.run(async ({ tx, tenantId }) => {
    const place = { tx, tenantId, now };
    const names = await readSessionNames(tx, tenantId);
    const found = await findSessions(place, query, { limit: input.limit + 1, cursor });
    const page = found.page.slice(0, input.limit);
    const last = page.at(-1);
    return {
      items: page.map(({ entry }) => sessionRowOf(entry, names, now.getTime())),
      next: last !== undefined && found.page.length > input.limit ? encodeCursor(last.cursor) : null,
      total: Math.min(found.total, TOTAL_MAX),
      isTotalExact: found.total <= TOTAL_MAX,
      asOf: now,
    };
  });
}
