import { notFound } from "../refusals.ts";
import { grantedProcedure, router, tenantProcedure } from "../trpc.ts";
import { explainSession } from "./explain-session.ts";
import { findOverlaps } from "./find-overlaps.ts";
import { readSession } from "./read-session.ts";
import { searchFleet } from "./search-fleet.ts";
import { searchSessions } from "./search-sessions.ts";
import {
  explainInput,
  explanation,
  fleetSearchInput,
  fleetSearchResult,
  overlapList,
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

  /** What the cloud knows; what an agent kept back at receipt is asked of it with `look-up-address`. */
  explain: tenantProcedure("session:read")
    .input(explainInput)
    .output(explanation)
    .query(async ({ ctx, input }) => {
      const outcome = await explainSession(ctx, input);
      switch (outcome.kind) {
        case "explained":
          return outcome.explanation;
        case "space-not-found":
          throw notFound();
      }
    }),

  overlaps: tenantProcedure("session:read")
    .output(overlapList)
    .query(({ ctx }) =>
      ctx.run(async (handle) => {
        const asOf = new Date(ctx.services.now());
        return { ...(await findOverlaps(handle, asOf)), asOf };
      }),
    ),

  fleetSearch: grantedProcedure("session:read", "fleet")
    .input(fleetSearchInput)
    .output(fleetSearchResult)
    .query(({ ctx, input }) => searchFleet(ctx, input)),
});
