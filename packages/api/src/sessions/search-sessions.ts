import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { findSessions, TOTAL_MAX } from "./find-sessions.ts";
import { decodeCursor, encodeCursor, sessionQuery } from "./session-query.ts";
import { readSessionNames, sessionRowOf } from "./session-rows.ts";
import type { sessionPage, sessionSearchInput } from "./sessions.schema.ts";

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
    const page = found.slice(0, input.limit);
    const last = page.at(-1);
    const isWhole = cursor === null && found.length <= input.limit;
    const total = isWhole
      ? found.length
      : (await findSessions(place, query, { limit: TOTAL_MAX + 1, cursor: null })).length;
    return {
      items: page.map(({ entry }) => sessionRowOf(entry, names, now.getTime())),
      next: last !== undefined && found.length > input.limit ? encodeCursor(last.cursor) : null,
      total: Math.min(total, TOTAL_MAX),
      isTotalExact: total <= TOTAL_MAX,
      asOf: now,
    };
  });
}
