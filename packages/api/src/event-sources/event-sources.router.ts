import { SITE_LIMITS } from "@rollcall/agent-protocol";
import type { TRPCError } from "@trpc/server";
import { removed } from "../directories/directories.schema.ts";
import { objectInput } from "../input-fields.ts";
import { conflict, noMore, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addEventSource } from "./add-event-source.ts";
import type { EventSourceFault } from "./check-event-source.ts";
import { readEventSourceViews } from "./event-source-views.ts";
import {
  addEventSourceInput,
  eventSourceList,
  eventSourceView,
  updateEventSourceInput,
} from "./event-sources.schema.ts";
import { removeEventSource } from "./remove-event-source.ts";
import { updateEventSource } from "./update-event-source.ts";

/** `prefix`: where the fields stand in the input. */
function refusalOf(fault: EventSourceFault, prefix: "" | "changes."): TRPCError {
  switch (fault.kind) {
    case "space-not-found":
    case "credential-not-found":
      return notFound();
    case "name-taken":
      return unacceptable(`${prefix}name`, "There is an event log of that name already.", "name-taken");
    case "address-needs-ntlm":
      return unacceptable(
        `${prefix}host`,
        `Kerberos cannot log in at an address, and ${fault.credential} does not allow NTLM: write the server's full DNS name.`,
        "address-needs-ntlm",
      );
    case "other-log":
      return unacceptable(
        `${prefix}channelPath`,
        `Logons of such a server stand in its log Security, not in ${fault.log}: leave this empty.`,
        "other-log",
      );
    case "rule-on-and-off":
      return unacceptable(
        `${prefix}rulesOn`,
        `${fault.rule} is switched on and off at once.`,
        "rule-on-and-off",
      );
  }
}

/** Windows event logs that a site's agents read. Their test is a command of the agent. */
export const eventSourcesRouter = router({
  list: tenantProcedure("source:read")
    .output(eventSourceList)
    .query(async ({ ctx }) => {
      const now = ctx.services.now();
      const items = await ctx.run(({ tx, tenantId }) =>
        readEventSourceViews(tx, { tenantId, id: null, now }),
      );
      return { items, asOf: new Date(now) };
    }),

  add: tenantProcedure("source:write")
    .input(addEventSourceInput)
    .output(eventSourceView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addEventSource(ctx, input);
      if (outcome.kind === "added") return outcome.source;
      if (outcome.kind === "site-not-found") throw notFound();
      if (outcome.kind === "no-more") throw noMore("event logs at this site", SITE_LIMITS.eventSources);
      throw refusalOf(outcome, "");
    }),

  update: tenantProcedure("source:write")
    .input(updateEventSourceInput)
    .output(eventSourceView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updateEventSource(ctx, input);
      if (outcome.kind === "updated") return outcome.source;
      if (outcome.kind === "not-found") throw notFound();
      if (outcome.kind === "changed-meanwhile") throw conflict(outcome.sentence, outcome.kind);
      throw refusalOf(outcome, "changes.");
    }),

  remove: tenantProcedure("source:write")
    .input(objectInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removeEventSource(ctx, input.id);
      switch (outcome.kind) {
        case "removed":
          return { id: input.id };
        case "not-found":
          throw notFound();
      }
    }),
});
