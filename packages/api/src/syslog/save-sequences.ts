import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { type ChangedMeanwhile, changedMeanwhile } from "../meanwhile.ts";
import { checkRules, type ProblemView } from "./rule-check.ts";
import { replaceSequences } from "./stored-sequences.ts";
import type { saveSequencesInput, syslogSourceDetail } from "./syslog.schema.ts";
import { readSyslogViews } from "./syslog-views.ts";

export type SaveSequencesOutcome =
  | { readonly kind: "saved"; readonly source: z.infer<typeof syslogSourceDetail> }
  | { readonly kind: "refused"; readonly problems: ProblemView[] }
  | { readonly kind: "not-found" }
  | ChangedMeanwhile;

/** Saves rules that compile and whose samples hold; rules that do not are refused, each problem with its place. */
export async function saveSequences(
  ctx: TenantContext,
  { id, sequences, version }: z.output<typeof saveSequencesInput>,
): Promise<SaveSequencesOutcome> {
  const check = checkRules(sequences, ctx.services.now);
  const problems = check.kind === "refused" ? check.problems : check.sampleProblems;
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged }): Promise<SaveSequencesOutcome> => {
      const [before] = await readSyslogViews(tx, { tenantId, id, now: now.getTime() });
      if (before === undefined) return { kind: "not-found" };
      if (problems.length > 0) return { kind: "refused", problems: [...problems] };
      const overtaken = await changedMeanwhile(
        ctx,
        { tx, tenantId },
        {
          version,
          present: before.version,
          subject: `The rules of ${before.name} were`,
          audited: { kind: "syslog-source", id, actions: ["syslog-source.rules.save"] },
        },
      );
      if (overtaken !== null) return overtaken;
      await replaceSequences(tx, { tenantId, syslogSourceId: id }, sequences);
      await tx.syslogSource.update({ where: { tenantId_id: { tenantId, id } }, data: { updatedAt: now } });
      record({
        action: "syslog-source.rules.save",
        object: { kind: "syslog-source", id, name: before.name },
        before: { sequences: before.sequences.map(ruleWords) },
        after: { sequences: sequences.map(ruleWords) },
      });
      configurationChanged();
      const [source] = await readSyslogViews(tx, { tenantId, id, now: now.getTime() });
      return source === undefined ? { kind: "not-found" } : { kind: "saved", source };
    },
  );
}

/** Samples are real lines with real names: they do not go into the audit log. */
function ruleWords(sequence: z.output<typeof saveSequencesInput>["sequences"][number]) {
  const { description, kind, trigger, patterns, matchSourceIp, startingTimeMinutes } = sequence;
  return { description, kind, trigger, patterns, matchSourceIp, startingTimeMinutes };
}
