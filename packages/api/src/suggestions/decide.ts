import type { z } from "zod";
import { type Change, change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { putFilter, takeFilter } from "../filters/change-filters.ts";
import { putMark, takeMark } from "../marks/change-marks.ts";
import { accountOf, addressOf, DECISIONS, readSuggestions } from "./suggestion-rows.ts";
import type { approveSuggestionInput, SuggestionView } from "./suggestions.schema.ts";

type Approval = z.output<typeof approveSuggestionInput>;

export type DecideOutcome =
  | { readonly kind: "decided"; readonly suggestion: SuggestionView }
  | { readonly kind: "not-found" }
  | { readonly kind: "decided-already"; readonly state: string }
  | { readonly kind: "cannot"; readonly field: "id" | "pseudoUser"; readonly sentence: string };

const NOTE = "from a suggestion";

/** Makes of a suggestion what it suggests: a filter for an account, a mark for an address. */
export async function approveSuggestion(ctx: TenantContext, approval: Approval): Promise<DecideOutcome> {
  return decide(ctx, approval.id, async (changing, before): Promise<Decision> => {
    if (!isUndecided(before.state)) return { kind: "decided-already", state: before.state };
    const made = await makeOf(changing, before, approval);
    if (made.kind === "cannot") return made;
    return { kind: "to", state: "approved", madeId: made.id, action: DECISIONS.approve };
  });
}

/** Says that it is none. The agent is told not to take the account for one again. */
export async function dismissSuggestion(ctx: TenantContext, id: string): Promise<DecideOutcome> {
  return decide(ctx, id, async (_, before): Promise<Decision> => {
    if (!isUndecided(before.state)) return { kind: "decided-already", state: before.state };
    return { kind: "to", state: "dismissed", madeId: null, action: DECISIONS.dismiss };
  });
}

/** Takes a decision back: what an approval made goes, and the suggestion waits again. */
export async function undoSuggestion(ctx: TenantContext, id: string): Promise<DecideOutcome> {
  return decide(ctx, id, async (changing, before): Promise<Decision> => {
    if (isUndecided(before.state)) return { kind: "decided-already", state: before.state };
    if (before.madeId !== null)
      // Gone already where somebody removed it by hand.
      await (before.kind === "service-account" ? takeFilter : takeMark)(changing, before.madeId);
    return { kind: "to", state: "open", madeId: null, action: DECISIONS.undo };
  });
}

type Decision =
  | {
      readonly kind: "to";
      readonly state: "open" | "approved" | "dismissed";
      readonly madeId: string | null;
      readonly action: string;
    }
  | Extract<DecideOutcome, { kind: "decided-already" | "cannot" }>;

type Stored = NonNullable<Awaited<ReturnType<typeof findSuggestion>>>;

async function findSuggestion({ tx, tenantId }: Change, id: string) {
  return tx.suggestion.findUnique({ where: { tenantId_id: { tenantId, id } } });
}

function isUndecided(state: string): boolean {
  return state === "open" || state === "automatic";
}

async function decide(
  ctx: TenantContext,
  id: string,
  choose: (changing: Change, before: Stored) => Promise<Decision>,
): Promise<DecideOutcome> {
  const outcome = await change(ctx, async (changing) => {
    const before = await findSuggestion(changing, id);
    if (before === null) return { kind: "not-found" as const };
    const decision = await choose(changing, before);
    if (decision.kind === "to") await writeDecision(ctx, changing, before, decision);
    return decision;
  });
  if (outcome.kind !== "to") return outcome;
  // Read anew: the decision itself stands in the audit log after the commit only.
  const [suggestion] = await ctx.run(({ tx, tenantId }) => readSuggestions(tx, { tenantId, id }));
  return suggestion === undefined ? { kind: "not-found" } : { kind: "decided", suggestion };
}

async function writeDecision(
  ctx: TenantContext,
  { tx, tenantId, now, record, configurationChanged }: Change,
  { id, subject, kind, state: was }: Stored,
  { state, madeId, action }: Extract<Decision, { kind: "to" }>,
): Promise<void> {
  const isOpen = state === "open";
  await tx.suggestion.update({
    where: { tenantId_id: { tenantId, id } },
    data: { state, madeId, decidedAt: isOpen ? null : now, decidedBy: isOpen ? null : ctx.principal.userId },
  });
  const name = kind === "service-account" ? subject : (addressOf(subject)?.ip ?? subject);
  record({
    action,
    object: { kind: "suggestion", id, name: `${kind} ${name}` },
    before: { state: was },
    after: { state, madeId },
  });
  configurationChanged();
}

/** `id` null: what was suggested is there already, made by hand; it is not ours to take away again. */
type Made =
  | { readonly kind: "made"; readonly id: string | null }
  | Extract<DecideOutcome, { kind: "cannot" }>;

async function makeOf(changing: Change, suggestion: Stored, approval: Approval): Promise<Made> {
  if (suggestion.kind === "service-account") {
    const filter = await putFilter(changing, {
      kind: "principal-exclude",
      value: accountPattern(suggestion.subject, approval.match),
      domain: null,
      note: NOTE,
      enabled: true,
    });
    return filter.kind === "added"
      ? { kind: "made", id: filter.filter.id }
      : { kind: "cannot", field: "id", sentence: filter.sentence };
  }
  const address = addressOf(suggestion.subject);
  if (address === null) return { kind: "cannot", field: "id", sentence: "The suggestion names no address." };
  const { tx, tenantId } = changing;
  const isMarked = await tx.addressMark.findFirst({
    where: { tenantId, addressSpaceId: address.addressSpaceId, range: address.ip },
    select: { id: true },
  });
  if (isMarked !== null) return { kind: "made", id: null };
  const mark = await putMark(changing, {
    addressSpaceId: address.addressSpaceId,
    fields: {
      range: address.ip,
      mark: suggestion.kind === "nat" ? "nat" : "multi-user",
      mode: approval.mode,
      pseudoUser: approval.pseudoUser,
      note: NOTE,
    },
  });
  switch (mark.kind) {
    case "added":
      return { kind: "made", id: mark.mark.id };
    case "space-not-found":
      return { kind: "cannot", field: "id", sentence: "The address space of this address is gone." };
    case "bad-mark":
      return {
        kind: "cannot",
        field: mark.field === "pseudoUser" ? "pseudoUser" : "id",
        sentence: mark.sentence,
      };
  }
}

/**
 * A pattern that means this account and no other: from end to end, with every sign of its name taken literally.
 *
 * Shape: filters are matched against `name` and `domain\name`, in any case, so that the name alone means it in any domain.
 */
export function accountPattern(subject: string, match: Approval["match"]): string {
  const { domain, name } = accountOf(subject);
  const text = match === "name" || domain === "" ? name : `${domain}\\${name}`;
  return `^${text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`;
}
