import { firewallCertificateRequest, readMessage } from "@rollcall/agent-protocol";
import type { Database } from "@rollcall/db";
import type { Logger } from "@rollcall/observability";
import {
  checkCsr,
  type InstallationKeys,
  isServerName,
  openCustomerAuthority,
  signServerCertificate,
} from "@rollcall/pki";
import type { AdmittedAgent } from "./agent-door.ts";
import { type Answer, ok, refuse, unreadable } from "./answer.ts";

/**
 * Names that firewalls use to reach an agent: those set in the portal, else the agent's name there.
 * Nothing that the agent says of itself: a stolen one could have itself certified as another server.
 */
export function firewallNamesOf(agent: {
  readonly firewallNames: readonly string[];
  readonly name: string;
}): string[] {
  const set = agent.firewallNames.filter(isServerName);
  if (set.length > 0) return [...new Set(set)];
  return [isServerName(agent.name) ? agent.name : "rollcall-agent"];
}

/** POST /v1/firewall-certificate: the agent's certificate towards firewalls, from the customer's SRX CA. */
export async function issueFirewallCertificate(
  deps: {
    readonly database: Database;
    readonly keys: InstallationKeys;
    readonly log: Logger;
    readonly now: () => number;
  },
  agent: AdmittedAgent,
  text: string,
): Promise<Answer> {
  const read = readMessage(firewallCertificateRequest, text);
  if (read.kind === "unreadable") return unreadable(read.reason, read.issues);
  const csr = await checkCsr(read.message.csrPem, "rsa2048");
  if (csr.kind === "refused")
    return refuse(400, {
      code: "request-refused",
      message: `The certificate request was refused: ${csr.reason}.`,
    });
  const { tenantId, agentId } = agent;
  return deps.database.withTenant(tenantId, async (handle) => {
    const customer = await handle.tx.customer.findUniqueOrThrow({ where: { id: tenantId } });
    const row = await handle.tx.agent.findUniqueOrThrow({
      where: { tenantId_id: { tenantId, id: agentId } },
    });
    const authority = openCustomerAuthority(deps.keys, {
      tenantId,
      certPem: customer.srxCaCertPem,
      keyCipher: customer.srxCaKeyCipher,
    });
    const names = firewallNamesOf(row);
    const issued = await signServerCertificate({
      authority,
      publicKeyPem: csr.publicKeyPem,
      names,
      now: deps.now(),
    });
    handle.audit({
      actor: { kind: "agent", id: agentId, name: agent.name },
      action: "agent.firewall-certificate",
      object: { kind: "agent", id: agentId, name: agent.name },
      result: "done",
      detail: { after: { names, certificate: issued.serial } },
    });
    deps.log.info({ tenantId, agentId, certificateSerial: issued.serial }, "firewall certificate issued");
    return ok({ certificatePem: issued.certPem, caPem: customer.srxCaCertPem, notAfter: issued.notAfter });
  });
}
