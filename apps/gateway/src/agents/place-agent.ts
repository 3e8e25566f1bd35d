import { randomUUID } from "node:crypto";
import type { EnrolRequest } from "@rollcall/agent-protocol";
import type { TenantHandle } from "@rollcall/db";

/** What of a token's row decides where its agent goes. */
export interface TokenRow {
  readonly siteId: string;
  readonly agentName: string;
  readonly purpose: string;
  readonly agentId: string | null;
}

export interface Applicant {
  readonly request: EnrolRequest;
  readonly sourceIp: string;
  readonly now: number;
}

export type Placed =
  | { readonly kind: "placed"; readonly agentId: string; readonly generation: number }
  | { readonly kind: "name-taken" }
  | { readonly kind: "agent-gone" };

/**
 * Makes the agent that a taken token stands for, within the caller's transaction: a new one, or with purpose `reenrol`
 * the one it names, whose certificates so far end here.
 */
export async function placeAgent(
  handle: TenantHandle,
  token: TokenRow,
  applicant: Applicant,
): Promise<Placed> {
  const { tx, tenantId } = handle;
  const facts = {
    hostname: applicant.request.host.hostname,
    os: applicant.request.host.os,
    version: applicant.request.host.version,
    sealingPublicKey: applicant.request.sealingPublicKey,
    sourceIp: applicant.sourceIp,
    enrolledAt: new Date(applicant.now),
  };
  if (token.purpose === "reenrol") {
    const agentId = token.agentId;
    if (!agentId) return { kind: "agent-gone" };
    const found = await tx.agent.updateMany({
      where: { tenantId, id: agentId },
      data: {
        ...facts,
        state: "active",
        appliedConfigVersion: null,
        refusedConfigVersion: null,
        refusedReason: null,
      },
    });
    if (found.count !== 1) return { kind: "agent-gone" };
    await tx.agentCertificate.updateMany({
      where: { tenantId, agentId, state: { in: ["active", "pending", "retired"] } },
      data: { state: "revoked" },
    });
    const last = await tx.agentCertificate.aggregate({
      where: { tenantId, agentId },
      _max: { generation: true },
    });
    return { kind: "placed", agentId, generation: (last._max.generation ?? 0) + 1 };
  }
  const sameName = await tx.agent.findUnique({
    where: { tenantId_siteId_name: { tenantId, siteId: token.siteId, name: token.agentName } },
  });
  if (sameName && sameName.state !== "revoked") return { kind: "name-taken" };
  // A revoked agent keeps its history but not its name: the machine that replaces it is usually called the same.
  if (sameName)
    await tx.agent.update({
      where: { tenantId_id: { tenantId, id: sameName.id } },
      data: { name: `${sameName.name} (revoked, ${sameName.id.slice(0, 8)})` },
    });
  const agentId = randomUUID();
  await tx.agent.create({
    data: { tenantId, id: agentId, siteId: token.siteId, name: token.agentName, ...facts },
  });
  return { kind: "placed", agentId, generation: 1 };
}
