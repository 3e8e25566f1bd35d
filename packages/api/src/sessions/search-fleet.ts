import type { z } from "zod";
import type { SignedInContext } from "../context.ts";
import { askEach, grantedCustomers } from "../customers/fleet.ts";
import { findSessions } from "./find-sessions.ts";
import { sessionQuery } from "./session-query.ts";
import { readSessionNames, sessionRowOf } from "./session-rows.ts";
import type { fleetSearchInput, fleetSearchResult } from "./sessions.schema.ts";

/** Looks in every customer for which the person may see people; hits are grouped by customer, never mixed. */
export async function searchFleet(
  ctx: SignedInContext,
  { q, limitPerCustomer }: z.output<typeof fleetSearchInput>,
): Promise<z.infer<typeof fleetSearchResult>> {
  const now = new Date(ctx.services.now());
  const query = sessionQuery({ q, liveOnly: true });
  const customers = await grantedCustomers(ctx, "session:read");
  const { answers, failed } = await askEach(ctx, customers, async ({ tx, tenantId }) => {
    const { page: found } = await findSessions({ tx, tenantId, now }, query, {
      limit: limitPerCustomer + 1,
      cursor: null,
    });
    const names =
      found.length === 0 ? { spaces: new Map(), sources: new Map() } : await readSessionNames(tx, tenantId);
    return {
      items: found.slice(0, limitPerCustomer).map(({ entry }) => sessionRowOf(entry, names, now.getTime())),
      hasMore: found.length > limitPerCustomer,
    };
  });
  const hits = answers
    .filter(({ answer }) => answer.items.length > 0)
    .map(({ customer: { slug, name, hue }, answer }) => ({ customer: { slug, name, hue }, ...answer }))
    .sort((a, b) => a.customer.name.localeCompare(b.customer.name));
  return { hits, failed: [...failed], searched: customers.length, asOf: now };
}
