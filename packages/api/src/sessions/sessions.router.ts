import { notFound } from "../refusals.ts";
import { grantedProcedure, router, tenantProcedure } from "../trpc.ts";
import { readSession } from "./read-session.ts";
import { searchFleet } from "./search-fleet.ts";
import { searchSessions } from "./search-sessions.ts";
import {
  fleetSearchInput,
  fleetSearchResult,
  sessionDetail,
  sessionInput,
  sessionPage,
  sessionSearchInput,
} from "./sessions.schema.ts";

/** Who is at which address, and why we say so. */
export const sessionsRouter = router({
  search: tenantProcedure("session:read")
    .input(sessionSearchInput)
    .output(sessionPage)
    .query(({ ctx, input }) => searchSessions(ctx, input)),

  get: tenantProcedure("session:read")
    .input(sessionInput)
    .output(sessionDetail)
    .query(async ({ ctx, input }) => {
      const outcome = await readSession(ctx, input);
      switch (outcome.kind) {
        case "read":
          return outcome.session;
        case "space-not-found":
          throw notFound();
      }
    }),

  fleetSearch: grantedProcedure("session:read", "fleet")
    .input(fleetSearchInput)
    .output(fleetSearchResult)
    .query(({ ctx, input }) => searchFleet(ctx, input)),
});
