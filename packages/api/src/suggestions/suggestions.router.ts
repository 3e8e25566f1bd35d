import { objectInput } from "../input-fields.ts";
import { conflict, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { approveSuggestion, type DecideOutcome, dismissSuggestion, undoSuggestion } from "./decide.ts";
import { readLearningSites } from "./learning-sites.ts";
import { readSuggestions } from "./suggestion-rows.ts";
import { approveSuggestionInput, suggestionList, suggestionView } from "./suggestions.schema.ts";

/** What agents found by watching: service accounts, shared hosts, translated networks. A person decides. */
export const suggestionsRouter = router({
  list: tenantProcedure("session:read")
    .output(suggestionList)
    .query(({ ctx }) =>
      ctx.run(async ({ tx, tenantId }) => {
        const items = await readSuggestions(tx, { tenantId, id: null });
        const open = items.filter(({ state }) => state === "open").length;
        const asOf = new Date(ctx.services.now());
        const learning = await readLearningSites({ tx, tenantId }, asOf);
        return { items, open, learning, asOf };
      }),
    ),

  approve: tenantProcedure("filter:write")
    .input(approveSuggestionInput)
    .output(suggestionView)
    .mutation(async ({ ctx, input }) => answerOf(await approveSuggestion(ctx, input))),

  dismiss: tenantProcedure("filter:write")
    .input(objectInput)
    .output(suggestionView)
    .mutation(async ({ ctx, input }) => answerOf(await dismissSuggestion(ctx, input.id))),

  undo: tenantProcedure("filter:write")
    .input(objectInput)
    .output(suggestionView)
    .mutation(async ({ ctx, input }) => answerOf(await undoSuggestion(ctx, input.id))),
});

function answerOf(outcome: DecideOutcome) {
  switch (outcome.kind) {
    case "decided":
      return outcome.suggestion;
    case "not-found":
      throw notFound();
    case "decided-already":
      throw conflict(`Somebody was faster: it is ${outcome.state}.`, "decided-already");
    case "cannot":
      throw unacceptable(outcome.field, outcome.sentence, "cannot-approve");
  }
}
