import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname, release, type as systemType } from "node:os";
import {
  enrolReply,
  enrolRequest,
  nonceReply,
  type OnboardingPayload,
  PROTOCOL_VERSION,
} from "@rollcall/agent-protocol";
import {
  agentIdentityOf,
  certificateSha256,
  csrSha256,
  enrolProof,
  generateSealingKey,
  makeCsr,
  newPrivateKeyPem,
  spkiSha256,
} from "@rollcall/pki";
import { z } from "zod";
import { AgentError } from "../agent-error.ts";
import { removeFileDurably, writeFileAtomically } from "../state/atomic-file.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { createGatewayClient, type GatewayClient } from "../uplink/gateway-client.ts";
import { VERSION } from "../version.ts";
import { type Identity, parseJson, readIdentity, readStateFile, writeIdentity } from "./identity.ts";

/** The keys of an enrolment that is under way: kept until it is done, so that a repeat asks with the same key. */
const draftFile = z.strictObject({
  format: z.literal("rollcall-enrolment"),
  version: z.literal(1),
  tokenId: z.string(),
  keyPem: z.string(),
  sealing: z.strictObject({ publicKey: z.string(), privateKey: z.string() }),
});
type Draft = z.infer<typeof draftFile>;

export type EnrolOutcome =
  | { readonly kind: "enrolled"; readonly identity: Identity }
  /** This very file was spent by this agent before: nothing is left to do but to clean up. */
  | { readonly kind: "already-done"; readonly identity: Identity };

/**
 * Enrols this machine with a checked onboarding file.
 *
 * Shape:  keys are made here and never leave; they lie on disk before the gateway hears of them, so that a kill at any
 *         step, or a lost answer, leaves something that can be run again with the same file. The identity appears
 *         whole, in one rename, as the last step.
 * Errors: `AgentError` / `GatewayFault` with a sentence each; nothing is half done after them.
 */
export async function enrol(
  folder: StateFolder,
  payload: OnboardingPayload,
  options: { readonly now: () => number },
): Promise<EnrolOutcome> {
  const before = readIdentity(folder.identity);
  if (before?.tokenId === payload.token.id) {
    removeFileDurably(folder.enrolmentDraft);
    return { kind: "already-done", identity: before };
  }
  refuseReplacing(before, payload);
  const draft = await openDraft(folder.enrolmentDraft, payload.token.id);
  const client = createGatewayClient(
    { baseUrl: baseOf(payload.endpoints.enrol), caPem: payload.trust.ca_pem },
    options.now,
  );
  let identity: Identity;
  try {
    identity = await ask(client, payload, draft, options.now);
  } finally {
    await client.close();
  }
  writeIdentity(folder.identity, identity);
  removeFileDurably(folder.enrolmentDraft);
  return { kind: "enrolled", identity };
}

function refuseReplacing(before: Identity | null, payload: OnboardingPayload): void {
  if (before === null) return;
  const isThisAgent = payload.agent.purpose === "reenrol" && payload.agent.agent_id === before.agentId;
  if (isThisAgent) return;
  throw new AgentError(
    "already-enrolled",
    `This machine is already enrolled as ${before.agentName} of ${before.tenant.name}, ${before.site.name}.`,
    {
      exit: "refused",
      remedy:
        "To enrol it anew, choose “Re-enrol” on that agent's page; for a second agent use another --state-dir.",
    },
  );
}

async function openDraft(file: string, tokenId: string): Promise<Draft> {
  const text = readStateFile(file, "enrolment-unreadable");
  const found = text === null ? null : draftFile.safeParse(parseJson(text));
  if (found?.success && found.data.tokenId === tokenId) return found.data;
  const draft: Draft = {
    format: "rollcall-enrolment",
    version: 1,
    tokenId,
    keyPem: await newPrivateKeyPem("p256"),
    sealing: await generateSealingKey(),
  };
  writeFileAtomically(file, `${JSON.stringify(draft, null, 2)}\n`);
  return draft;
}

async function ask(
  client: GatewayClient,
  payload: OnboardingPayload,
  draft: Draft,
  now: () => number,
): Promise<Identity> {
  const nonce = await client.ask({
    method: "GET",
    path: `/v1/enrol/nonce?token=${payload.token.id}&tenant=${payload.tenant.id}`,
    answer: nonceReply,
  });
  if (nonce.kind !== "answer") throw refusal(nonce);
  const csrPem = await makeCsr(draft.keyPem);
  const time = now();
  const body = enrolRequest.parse({
    v: PROTOCOL_VERSION,
    tenantId: payload.tenant.id,
    tokenId: payload.token.id,
    csrPem,
    sealingPublicKey: draft.sealing.publicKey,
    nonce: nonce.value.nonce,
    time,
    caSha256: payload.trust.ca_sha256,
    proof: enrolProof(payload.token.secret, {
      tokenId: payload.token.id,
      csrSha256: csrSha256(csrPem),
      caSha256: payload.trust.ca_sha256,
      nonce: nonce.value.nonce,
      time,
    }),
    host: {
      hostname: hostname().slice(0, 253),
      os: `${systemType()} ${release()}`.slice(0, 100),
      version: VERSION,
      ...machineId(),
    },
  });
  const reply = await client.ask({ method: "POST", path: "/v1/enrol", answer: enrolReply, body });
  if (reply.kind !== "answer") throw refusal(reply);
  checkCertificate(reply.value, payload, draft.keyPem);
  return {
    format: "rollcall-identity",
    version: 1,
    agentId: reply.value.agentId,
    agentName: payload.agent.name,
    tenant: payload.tenant,
    site: payload.site,
    streamUrl: baseOf(reply.value.streamUrl),
    caPem: payload.trust.ca_pem,
    caSha256: payload.trust.ca_sha256,
    fileKey: payload.trust.file_key,
    tokenId: payload.token.id,
    enrolledAt: now(),
    current: { keyPem: draft.keyPem, certificatePem: reply.value.certificatePem },
    next: null,
    sealing: draft.sealing,
  };
}

/** What came back must be ours: our key, this customer, the pinned CA. */
function checkCertificate(
  reply: z.infer<typeof enrolReply>,
  payload: OnboardingPayload,
  keyPem: string,
): void {
  const wrong = (what: string): AgentError =>
    new AgentError(
      "enrolment-answer",
      `The gateway's answer is not for this agent: ${what}. Nothing was kept of it.`,
      {
        remedy: "Try again with the same file; if it stays so, tell those who run the portal.",
      },
    );
  if (certificateSha256(reply.caPem) !== payload.trust.ca_sha256)
    throw wrong("its CA is not the one of the file");
  const named = agentIdentityOf(reply.certificatePem);
  if (named === null || named.agentId !== reply.agentId) throw wrong("the certificate names another agent");
  if (named.tenantId !== payload.tenant.id.toLowerCase())
    throw wrong("the certificate names another customer");
  if (named.spkiSha256 !== spkiSha256(keyPem)) throw wrong("the certificate is for another key");
  const issuer = new X509Certificate(payload.trust.ca_pem);
  const certificate = new X509Certificate(reply.certificatePem);
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
    throw wrong("the certificate was not issued by the file's CA");
}

function refusal(answer: Exclude<Awaited<ReturnType<GatewayClient["ask"]>>, { kind: "answer" }>): AgentError {
  if (answer.kind === "nothing")
    return new AgentError("enrolment-answer", "The gateway gave no answer to the enrolment.", {});
  if (answer.status === 429 || answer.status >= 500) {
    return new AgentError("gateway-busy", `The gateway cannot enrol right now: ${answer.message}`, {
      exit: "portal-unreachable",
      remedy: "Run the same command again in a minute: the file is still good.",
    });
  }
  return new AgentError(answer.code, `The gateway refused this onboarding file: ${answer.message}`, {
    exit: "no-permission",
    remedy:
      answer.remedy ??
      "A file is good for one machine and one time. It may have been used, revoked or replaced: download a new one from the portal.",
  });
}

function baseOf(url: string): string {
  return url.replace(/\/+$/, "");
}

/** A digest of the machine's id, where it has one: lets the portal see that two agents run on one machine. */
function machineId(): { readonly machineIdSha256?: string } {
  try {
    const text = readFileSync("/etc/machine-id", "utf8").trim();
    return text === ""
      ? {}
      : { machineIdSha256: createHash("sha256").update(`rollcall/${text}`).digest("hex") };
  } catch {
    return {};
  }
}
