import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { enrolment } from "./agents.schema.ts";
import { readSites } from "./list-agents.ts";
import { enrolmentView } from "./list-enrolments.ts";

export type RevokeEnrolmentOutcome =
  | { readonly kind: "revoked"; readonly enrolment: z.infer<typeof enrolment> }
  | { readonly kind: "not-found" }
  | { readonly kind: "already-used" };

/** Makes a file useless before it is used. The condition is in the statement: an agent that enrols meanwhile wins. */
export async function revokeEnrolment(ctx: TenantContext, id: string): Promise<RevokeEnrolmentOutcome> {
  return change(ctx, async ({ tx, tenantId, now, record }): Promise<RevokeEnrolmentOutcome> => {
    const { count } = await tx.enrolmentToken.updateMany({
      where: { tenantId, id, usedAt: null, revokedAt: null },
      data: { revokedAt: now },
    });
    const token = await tx.enrolmentToken.findUnique({ where: { tenantId_id: { tenantId, id } } });
    if (token === null) return { kind: "not-found" };
    if (token.usedAt !== null) return { kind: "already-used" };
    if (count > 0)
      record({
        action: "agent.enrolment.revoke",
        object: { kind: "enrolment", id, name: token.agentName },
        after: { revokedAt: now },
      });
    return { kind: "revoked", enrolment: enrolmentView(token, await readSites(tx, tenantId), now.getTime()) };
  });
}
