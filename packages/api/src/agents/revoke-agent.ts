import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import { storedSealed } from "../directories/sealed-password.ts";

export type RevokeAgentOutcome = { readonly kind: "revoked" } | { readonly kind: "not-found" };

/**
 * Cuts an agent off for good: its certificates count no more, and what was sealed to it is deleted.
 * Gateways look at the state of the certificate with each request; commands that wait for it end.
 */
export async function revokeAgent(ctx: TenantContext, id: string): Promise<RevokeAgentOutcome> {
  return change(
    ctx,
    async ({ tx, tenantId, now, record, configurationChanged, ring }): Promise<RevokeAgentOutcome> => {
      const where = { tenantId_id: { tenantId, id } };
      const agent = await tx.agent.findUnique({ where, select: { name: true, state: true, siteId: true } });
      if (agent === null) return { kind: "not-found" };
      if (agent.state === "revoked") return { kind: "revoked" };
      await tx.agent.update({ where, data: { state: "revoked" } });
      await tx.agentCertificate.updateMany({ where: { tenantId, agentId: id }, data: { state: "revoked" } });
      await tx.agentCommand.updateMany({
        where: { tenantId, agentId: id, state: { in: ["queued", "sent", "running"] } },
        data: { state: "failed", message: "The agent was revoked.", updatedAt: now },
      });
      for (const secret of await tx.sealedSecret.findMany({ where: { tenantId, siteId: agent.siteId } })) {
        const left = storedSealed(secret.sealed).filter((one) => one.agentId !== id);
        await tx.sealedSecret.update({
          where: { tenantId_id: { tenantId, id: secret.id } },
          data: { sealed: left },
        });
      }
      record({
        action: "agent.revoke",
        object: { kind: "agent", id, name: agent.name },
        before: { state: agent.state },
        after: { state: "revoked" },
      });
      configurationChanged();
      ring(`commands:${tenantId}`);
      return { kind: "revoked" };
    },
  );
}
