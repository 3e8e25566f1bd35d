import { randomUUID } from "node:crypto";
import { type OnboardingPayload, renderOnboardingFile } from "@rollcall/agent-protocol";
import { newEnrolmentToken, signingKeyFingerprint, signOnboarding } from "@rollcall/pki";
import type { z } from "zod";
import { change } from "../change.ts";
import type { TenantContext } from "../context.ts";
import type { issueOnboardingInput, onboardingTicket } from "./agents.schema.ts";

export type IssueOnboardingOutcome =
  | { readonly kind: "issued"; readonly ticket: z.infer<typeof onboardingTicket> }
  | { readonly kind: "site-not-found" }
  | { readonly kind: "agent-name-taken"; readonly agentName: string };

/**
 * Makes a signed onboarding file: a one-time right to enrol one agent at one site.
 *
 * Shape:  the secret is in the returned file and nowhere else; only the token's public key is stored.
 * Units:  `validHours` from now.
 * Source: reliability and security, 7.1 and 7.2.
 */
export async function issueOnboarding(
  ctx: TenantContext,
  input: z.output<typeof issueOnboardingInput>,
): Promise<IssueOnboardingOutcome> {
  const token = newEnrolmentToken();
  const fileId = randomUUID();
  return change(ctx, async ({ tx, tenantId, now, record }): Promise<IssueOnboardingOutcome> => {
    const site = await tx.site.findUnique({
      where: { tenantId_id: { tenantId, id: input.siteId } },
      select: { id: true, name: true, slug: true },
    });
    if (site === null) return { kind: "site-not-found" };
    const agents = await tx.agent.findMany({ where: { tenantId, siteId: site.id }, select: { name: true } });
    const open = await tx.enrolmentToken.findMany({
      where: { tenantId, siteId: site.id, usedAt: null, revokedAt: null, notAfter: { gt: now } },
      select: { agentName: true },
    });
    const taken = new Set(agents.map((agent) => agent.name));
    if (input.agentName !== undefined && taken.has(input.agentName))
      return { kind: "agent-name-taken", agentName: input.agentName };
    const agentName =
      input.agentName ?? nextName(site.slug, new Set([...taken, ...open.map((one) => one.agentName)]));
    const notAfter = new Date(now.getTime() + input.validHours * 3_600_000);
    const { confidentiality } = await tx.customer.findUniqueOrThrow({
      where: { id: tenantId },
      select: { confidentiality: true },
    });
    await tx.enrolmentToken.create({
      data: {
        tenantId,
        id: token.id,
        siteId: site.id,
        agentName,
        publicKey: token.publicKey,
        fileId,
        notAfter,
        createdById: ctx.principal.userId,
        createdAt: now,
      },
    });
    record({
      action: "agent.enrolment.issue",
      object: { kind: "enrolment", id: token.id, name: agentName },
      after: { site: site.name, agent: agentName, notAfter, validHours: input.validHours },
    });
    const fileText = signedFile(ctx, {
      fileId,
      site,
      agentName,
      confidentiality,
      token: { id: token.id, secret: token.secret, not_after: notAfter.toISOString() },
      createdAt: now,
    });
    return { kind: "issued", ticket: ticketOf(ctx, { token, site, agentName, notAfter, fileText }) };
  });
}

function signedFile(
  ctx: TenantContext,
  facts: {
    readonly fileId: string;
    readonly site: { readonly id: string; readonly name: string };
    readonly agentName: string;
    readonly confidentiality: string;
    readonly token: OnboardingPayload["token"];
    readonly createdAt: Date;
  },
): string {
  const { keys, gateway } = ctx.services;
  const payload: OnboardingPayload = {
    format: "rollcall-onboarding",
    version: 1,
    file_id: facts.fileId,
    tenant: { id: ctx.tenant.id, name: ctx.tenant.name },
    site: { id: facts.site.id, name: facts.site.name },
    agent: { name: facts.agentName, purpose: "enrol", agent_id: null },
    endpoints: { enrol: gateway.agentUrl, stream: gateway.agentUrl },
    trust: {
      ca_pem: keys.issuing.certPem,
      ca_sha256: keys.issuingSha256,
      min_tls: "1.3",
      file_key: keys.fileKey.publicKey,
    },
    token: facts.token,
    confidentiality: levelOf(facts.confidentiality),
    created_at: facts.createdAt.toISOString(),
  };
  return renderOnboardingFile(signOnboarding(payload, keys.fileKey));
}

function ticketOf(
  ctx: TenantContext,
  made: {
    readonly token: { readonly id: string };
    readonly site: { readonly slug: string };
    readonly agentName: string;
    readonly notAfter: Date;
    readonly fileText: string;
  },
): z.infer<typeof onboardingTicket> {
  const { keys } = ctx.services;
  return {
    enrolmentId: made.token.id,
    agentName: made.agentName,
    fileName: `rollcall-onboarding-${made.site.slug}.json`,
    fileText: made.fileText,
    command: `rollcall-agent enroll --stdin <<'EOF'\n${made.fileText}\nEOF`,
    notAfter: made.notAfter,
    fileKeyFingerprint: signingKeyFingerprint(keys.fileKey.publicKey),
    caSha256: keys.issuingSha256,
  };
}

/** `lon-a`, `lon-b`, …, then `lon-27` and on. */
function nextName(siteSlug: string, taken: ReadonlySet<string>): string {
  for (let number = 0; ; number += 1) {
    const suffix = number < 26 ? String.fromCharCode(97 + number) : String(number + 1);
    const candidate = `${siteSlug.slice(0, 60)}-${suffix}`;
    if (!taken.has(candidate)) return candidate;
  }
}

const LEVELS = ["L0", "L1", "L2", "L3"] as const;

function levelOf(text: string): OnboardingPayload["confidentiality"] {
  const level = LEVELS.find((one) => one === text);
  if (level === undefined) throw new Error(`make onboarding file: "${text}" is no confidentiality level`);
  return level;
}
