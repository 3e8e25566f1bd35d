import { SITE_LIMITS } from "@rollcall/agent-protocol";
import { unknownSenderList } from "../agents/agents.schema.ts";
import { removed } from "../directories/directories.schema.ts";
import { objectInput } from "../input-fields.ts";
import { conflict, noMore, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addSyslogSource } from "./add-syslog-source.ts";
import { listBaseConfigurations } from "./base-configuration-list.ts";
import { listSyslogSources } from "./list-syslog-sources.ts";
import { readSyslogSource } from "./read-syslog-source.ts";
import { removeSyslogSource } from "./remove-syslog-source.ts";
import { saveSequences } from "./save-sequences.ts";
import {
  addSyslogSourceInput,
  baseConfigurationList,
  savedSequences,
  saveSequencesInput,
  syslogSourceDetail,
  syslogSourceList,
  triedRules,
  tryRulesInput,
  updateSyslogSourceInput,
} from "./syslog.schema.ts";
import { tryRules } from "./try-rules.ts";
import { listUnknownSenders } from "./unknown-senders.ts";
import { updateSyslogSource } from "./update-syslog-source.ts";

/** Who sends logs, and the rules that read them. */
export const syslogRouter = router({
  list: tenantProcedure("source:read")
    .output(syslogSourceList)
    .query(({ ctx }) => listSyslogSources(ctx)),

  get: tenantProcedure("source:read")
    .input(objectInput)
    .output(syslogSourceDetail)
    .query(async ({ ctx, input }) => {
      const source = await readSyslogSource(ctx, input.id);
      if (source === null) throw notFound();
      return source;
    }),

  add: tenantProcedure("source:write")
    .input(addSyslogSourceInput)
    .output(syslogSourceDetail)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addSyslogSource(ctx, input);
      switch (outcome.kind) {
        case "added":
          return outcome.source;
        case "site-not-found":
        case "space-not-found":
          throw notFound();
        case "no-more":
          throw noMore("syslog sources at this site", SITE_LIMITS.syslogSources);
        case "unknown-base-configuration":
          throw unacceptable(
            "baseConfiguration",
            "There is no base configuration of that name.",
            "unknown-base-configuration",
          );
        case "name-taken":
          throw unacceptable("name", `There is a syslog source "${input.name}" already.`, "name-taken");
      }
    }),

  update: tenantProcedure("source:write")
    .input(updateSyslogSourceInput)
    .output(syslogSourceDetail)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updateSyslogSource(ctx, input);
      switch (outcome.kind) {
        case "updated":
          return outcome.source;
        case "not-found":
          throw notFound();
        case "name-taken":
          throw unacceptable("changes.name", "There is a syslog source of that name already.", "name-taken");
        case "changed-meanwhile":
          throw conflict(outcome.sentence, outcome.kind);
      }
    }),

  remove: tenantProcedure("source:write")
    .input(objectInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removeSyslogSource(ctx, input.id);
      switch (outcome.kind) {
        case "removed":
          return { id: input.id };
        case "not-found":
          throw notFound();
      }
    }),

  /** Rules whose samples fail are not saved: the answer says which. */
  saveSequences: tenantProcedure("source:write")
    .input(saveSequencesInput)
    .output(savedSequences)
    .mutation(async ({ ctx, input }) => {
      const outcome = await saveSequences(ctx, input);
      switch (outcome.kind) {
        case "saved":
        case "refused":
          return outcome;
        case "not-found":
          throw notFound();
        case "changed-meanwhile":
          throw conflict(outcome.sentence, outcome.kind);
      }
    }),

  tryRules: tenantProcedure("source:read", "fleet")
    .input(tryRulesInput)
    .output(triedRules)
    .mutation(({ ctx, input }) => tryRules(input, ctx.services.now)),

  unknownSenders: tenantProcedure("source:read")
    .output(unknownSenderList)
    .query(({ ctx }) => listUnknownSenders(ctx)),

  baseConfigurations: tenantProcedure("source:read")
    .output(baseConfigurationList)
    .query(() => listBaseConfigurations()),
});
