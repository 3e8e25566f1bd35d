import { conflict, forbidden, notFound } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { commandInput, commandView, startCommandInput, startedCommand } from "./commands.schema.ts";
import { readCommand } from "./read-command.ts";
import { startCommand } from "./start-command.ts";

/**
 * Asks an agent something over its own stream; nothing ever connects into a site.
 * `source:test` opens the procedures; what a kind shows needs its own permission (`COMMAND_PERMISSIONS`).
 */
export const commandsRouter = router({
  start: tenantProcedure("source:test")
    .input(startCommandInput)
    .output(startedCommand)
    .mutation(async ({ ctx, input }) => {
      const outcome = await startCommand(ctx, input);
      switch (outcome.kind) {
        case "started":
          return outcome.command;
        case "not-allowed":
          throw forbidden();
        case "not-found":
          throw notFound();
        case "no-agent":
          throw conflict(outcome.sentence, "no-agent");
        case "too-many":
          throw conflict(
            `${outcome.waiting} commands are waiting for this agent. Let them end first.`,
            "too-many-commands",
          );
      }
    }),

  get: tenantProcedure("source:test")
    .input(commandInput)
    .output(commandView)
    .query(async ({ ctx, input }) => {
      const command = await readCommand(ctx, input.id);
      if (command === null) throw notFound();
      return command;
    }),
});
