import { readMessage, renewRequest } from "@rollcall/agent-protocol";
import type { Database } from "@rollcall/db";
import type { Logger } from "@rollcall/observability";
import { type AgentIdentity, checkCsr, type InstallationKeys, signAgentCertificate } from "@rollcall/pki";
import type { DeviceRings } from "../process/device-rings.ts";
import type { AdmittedAgent } from "./agent-door.ts";
import { type Answer, ok, refuse, unreadable } from "./answer.ts";

/** An expired certificate may still be renewed for this long, by an active agent that is not locked. */
export const LATE_RENEWAL_MS = 90 * 86_400_000;

export interface RenewDeps {
  readonly database: Database;
  readonly keys: InstallationKeys;
  readonly rings: DeviceRings;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * POST /v1/renew: the next generation's certificate, pending until its first use.
 * Until then the present one may ask again, which replaces the pending one: a reply that was lost costs nothing.
 */
export async function renew(
  deps: RenewDeps,
  agent: AdmittedAgent,
  identity: AgentIdentity,
  text: string,
  sourceIp: string,
): Promise<Answer> {
  const now = deps.now();
  if (identity.notAfter + LATE_RENEWAL_MS <= now)
    return refuse(403, {
      code: "certificate-too-old",
      message: "This agent's certificate expired more than 90 days ago.",
      remedy: "Enrol the agent anew with a file from the portal.",
    });
  const read = readMessage(renewRequest, text);
  if (read.kind === "unreadable") return unreadable(read.reason, read.issues);
  const csr = await checkCsr(read.message.csrPem, "p256");
  if (csr.kind === "refused")
    return refuse(400, {
      code: "request-refused",
      message: `The certificate request was refused: ${csr.reason}.`,
    });
  if (csr.spkiSha256 === identity.spkiSha256)
    return refuse(400, { code: "request-refused", message: "A renewal needs a new key." });

  const { tenantId, agentId } = agent;
  const issued = await signAgentCertificate({
    authority: deps.keys.issuing,
    publicKeyPem: csr.publicKeyPem,
    tenantId,
    agentId,
    now,
  });
  const generation = agent.generation + 1;
  const isLate = identity.notAfter <= now;
  await deps.database.withTenant(tenantId, async (handle) => {
    const { tx } = handle;
    await tx.agentCertificate.deleteMany({ where: { tenantId, agentId, state: "pending" } });
    await tx.agentCertificate.create({
      data: {
        tenantId,
        serial: issued.serial,
        agentId,
        spkiSha256: issued.spkiSha256,
        generation,
        state: "pending",
        notBefore: new Date(issued.notBefore),
        notAfter: new Date(issued.notAfter),
      },
    });
    handle.audit({
      actor: { kind: "agent", id: agentId, name: agent.name },
      action: isLate ? "agent.renew-late" : "agent.renew",
      object: { kind: "agent", id: agentId, name: agent.name },
      result: "done",
      sourceIp,
      detail: { after: { generation, certificate: issued.serial } },
    });
  });
  deps.log.info(
    { tenantId, agentId, certificateSerial: issued.serial, count: generation },
    "certificate renewed",
  );
  return ok({ certificatePem: issued.certPem, caPem: deps.keys.issuing.certPem, generation });
}
