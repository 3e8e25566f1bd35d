import { randomUUID } from "node:crypto";
import { renderOnboardingFile } from "@rollcall/agent-protocol";
import { newEnrolmentToken } from "../enrolment-proof.ts";
import type { InstallationKeys } from "../installation-keys.ts";
import { signOnboarding } from "../onboarding.ts";

/** A signed onboarding file of an installation, with a token of its own. */
export function anOnboardingFile(
  keys: InstallationKeys,
  options: {
    readonly gatewayUrl?: string;
    readonly notAfter?: Date;
    readonly tenantId?: string;
    readonly siteId?: string;
    readonly agentName?: string;
  } = {},
) {
  const token = newEnrolmentToken();
  const notAfter = options.notAfter ?? new Date(Date.now() + 72 * 3_600_000);
  const gatewayUrl = options.gatewayUrl ?? "https://127.0.0.1:8443";
  const file = signOnboarding(
    {
      format: "rollcall-onboarding",
      version: 1,
      file_id: randomUUID(),
      tenant: { id: options.tenantId ?? randomUUID(), name: "Example AG" },
      site: { id: options.siteId ?? randomUUID(), name: "Zürich" },
      agent: { name: options.agentName ?? "zrh-a", purpose: "enrol", agent_id: null },
      endpoints: { enrol: gatewayUrl, stream: gatewayUrl },
      trust: {
        ca_pem: keys.issuing.certPem,
        ca_sha256: keys.issuingSha256,
        min_tls: "1.3",
        file_key: keys.fileKey.publicKey,
      },
      token: { id: token.id, secret: token.secret, not_after: notAfter.toISOString() },
      confidentiality: "L0",
      created_at: new Date(notAfter.getTime() - 72 * 3_600_000).toISOString(),
    },
    keys.fileKey,
  );
  return { file, text: renderOnboardingFile(file), token };
}
