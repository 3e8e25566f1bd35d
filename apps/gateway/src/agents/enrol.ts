import { type EnrolReply, type EnrolRequest, enrolRequest, readMessage } from "@rollcall/agent-protocol";
import type { Database, TenantHandle } from "@rollcall/db";
import type { Logger } from "@rollcall/observability";
import {
  checkCsr,
  type InstallationKeys,
  isSealingPublicKey,
  signAgentCertificate,
  verifyEnrolProof,
} from "@rollcall/pki";
import type { DeviceRings } from "../process/device-rings.ts";
import { type Answer, ok, refuse, unreadable } from "./answer.ts";
import { isFreshNonce } from "./enrol-nonce.ts";
import { placeAgent } from "./place-agent.ts";
import type { RateLimit } from "./rate-limit.ts";

/** How long after its first use a token still answers the very key that used it: a lost reply must not cost a new file. */
const SAME_KEY_AGAIN_MS = 10 * 60_000;
/** A key that nobody holds: an unknown token is checked against it, so that it costs what a known one costs. */
const NOBODY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

export interface EnrolDeps {
  readonly database: Database;
  readonly keys: InstallationKeys;
  readonly rings: DeviceRings;
  readonly log: Logger;
  readonly now: () => number;
  /** What agents are told to connect to from now on. */
  readonly streamUrl: string;
  /** How many unknown tokens a customer's audit log takes; keyed by tenant. */
  readonly unknownTokenNotes: RateLimit;
}

/**
 * The one refusal of an enrolment, the same for every reason: who holds no valid token learns nothing.
 * The reason is in the audit log and on the portal's page of the site.
 */
const REFUSED: Answer = refuse(403, {
  code: "enrolment-refused",
  message: "The gateway did not accept this onboarding file.",
  remedy: "The portal says why, on the page of the site. Download a new file there.",
});

type Verdict =
  | { readonly kind: "enrolled"; readonly reply: EnrolReply; readonly isRepeat: boolean }
  | { readonly kind: "refused"; readonly reason: Refusal };

type Refusal =
  | "unknown-token"
  | "wrong-proof"
  | "stale-nonce"
  | "other-gateway"
  | "revoked"
  | "expired"
  | "used"
  | "name-taken"
  | "agent-gone";

/** What the portal shows of a refusal. */
const SENTENCES: Readonly<Record<Refusal, string>> = {
  "unknown-token": "The file's token is not known for this customer.",
  "wrong-proof": "The file's secret did not match its token: the file was changed or put together by hand.",
  "stale-nonce": "The request was older than five minutes: it was repeated, or the machine's clock is wrong.",
  "other-gateway": "The file was made for another installation.",
  revoked: "The file was withdrawn in the portal.",
  expired: "The file had expired.",
  used: "The file was used already, by another machine or more than ten minutes ago.",
  "name-taken": "An agent of that name is already active at this site.",
  "agent-gone": "The agent that the file was made for no longer exists.",
};

/** POST /v1/enrol: a signed request becomes an agent and its certificate, once, in one transaction. */
export async function enrol(deps: EnrolDeps, text: string, sourceIp: string): Promise<Answer> {
  const read = readMessage(enrolRequest, text);
  if (read.kind === "unreadable") return unreadable(read.reason, read.issues);
  const request = read.message;
  const csr = await checkCsr(request.csrPem, "p256");
  if (csr.kind === "refused")
    return refuse(400, {
      code: "request-refused",
      message: `The certificate request was refused: ${csr.reason}.`,
    });
  if (!isSealingPublicKey(request.sealingPublicKey))
    return refuse(400, { code: "request-refused", message: "The sealing key is not an X25519 public key." });

  const verdict = await deps.database.withTenant(request.tenantId, (handle) =>
    decide(deps, handle, { request, csr, sourceIp }),
  );
  if (verdict.kind === "enrolled") {
    deps.log.info(
      {
        tenantId: request.tenantId,
        agentId: verdict.reply.agentId,
        enrolmentId: request.tokenId,
        peer: sourceIp,
      },
      verdict.isRepeat ? "enrolment answered again" : "agent enrolled",
    );
    deps.rings.portal(request.tenantId);
    return ok(verdict.reply);
  }
  deps.log.warn(
    { tenantId: request.tenantId, enrolmentId: request.tokenId, peer: sourceIp, reason: verdict.reason },
    "enrolment refused",
  );
  // Made-up tokens must not fill a customer's audit log: some are written down, all are counted in the process's log.
  if (verdict.reason !== "unknown-token" || deps.unknownTokenNotes.take(request.tenantId) === 0) {
    await recordRefusal(deps, request, verdict.reason, sourceIp);
    deps.rings.portal(request.tenantId);
  }
  return REFUSED;
}

interface Applicant {
  readonly request: EnrolRequest;
  readonly csr: { readonly publicKeyPem: string; readonly spkiSha256: string; readonly csrSha256: string };
  readonly sourceIp: string;
}

async function decide(deps: EnrolDeps, handle: TenantHandle, applicant: Applicant): Promise<Verdict> {
  const { tx, tenantId } = handle;
  const { request, csr } = applicant;
  const now = deps.now();
  const token = await tx.enrolmentToken.findUnique({
    where: { tenantId_id: { tenantId, id: request.tokenId } },
  });
  const isProven = verifyEnrolProof(
    token?.publicKey ?? NOBODY,
    {
      tokenId: request.tokenId,
      csrSha256: csr.csrSha256,
      caSha256: request.caSha256,
      nonce: request.nonce,
      time: request.time,
    },
    request.proof,
  );
  const refused = (reason: Refusal): Verdict => ({ kind: "refused", reason });
  if (!token) return refused("unknown-token");
  if (!isProven) return refused("wrong-proof");
  if (request.caSha256 !== deps.keys.issuingSha256) return refused("other-gateway");
  if (!isFreshNonce(deps.keys.nonceMac, request.nonce, now)) return refused("stale-nonce");

  // One statement decides: of a hundred parallel uses exactly one finds the row unused.
  const taken = await tx.enrolmentToken.updateMany({
    where: {
      tenantId,
      id: token.id,
      revokedAt: null,
      notAfter: { gt: new Date(now) },
      OR: [{ usedAt: null }, { usedSpki: csr.spkiSha256, usedAt: { gt: new Date(now - SAME_KEY_AGAIN_MS) } }],
    },
    data: { usedSpki: csr.spkiSha256, lastRefusal: null },
  });
  if (taken.count !== 1) {
    const after = await tx.enrolmentToken.findUniqueOrThrow({
      where: { tenantId_id: { tenantId, id: token.id } },
    });
    if (after.revokedAt) return refused("revoked");
    return refused(after.usedAt ? "used" : "expired");
  }
  const mine = await tx.enrolmentToken.findUniqueOrThrow({
    where: { tenantId_id: { tenantId, id: token.id } },
  });
  if (mine.usedAt) return answerAgain(deps, handle, mine, applicant);

  const agent = await placeAgent(handle, mine, { ...applicant, now });
  if (agent.kind !== "placed") return undo(handle, token.id, refused(agent.kind));
  await tx.enrolmentToken.update({
    where: { tenantId_id: { tenantId, id: token.id } },
    data: { usedAt: new Date(now), agentId: agent.agentId },
  });
  const issued = await signAgentCertificate({
    authority: deps.keys.issuing,
    publicKeyPem: csr.publicKeyPem,
    tenantId,
    agentId: agent.agentId,
    now,
  });
  await tx.agentCertificate.create({
    data: {
      tenantId,
      serial: issued.serial,
      agentId: agent.agentId,
      spkiSha256: issued.spkiSha256,
      generation: agent.generation,
      state: "active",
      notBefore: new Date(issued.notBefore),
      notAfter: new Date(issued.notAfter),
    },
  });
  handle.audit({
    actor: { kind: "agent", id: agent.agentId, name: mine.agentName },
    action: mine.purpose === "reenrol" ? "agent.reenrol" : "agent.enrol",
    object: { kind: "agent", id: agent.agentId, name: mine.agentName },
    result: "done",
    sourceIp: applicant.sourceIp,
    detail: {
      after: {
        enrolment: token.id,
        hostname: request.host.hostname,
        os: request.host.os,
        version: request.host.version,
        certificate: issued.serial,
      },
    },
  });
  return { kind: "enrolled", isRepeat: false, reply: replyOf(deps, agent.agentId, issued.certPem, now) };
}

type TokenRow = Awaited<ReturnType<TenantHandle["tx"]["enrolmentToken"]["findUniqueOrThrow"]>>;

/** The same key comes again within ten minutes: its reply was lost. It is given the very same certificate. */
async function answerAgain(
  deps: EnrolDeps,
  { tx, tenantId }: TenantHandle,
  token: TokenRow,
  applicant: Applicant,
): Promise<Verdict> {
  const row = await tx.agentCertificate.findFirst({
    where: { tenantId, agentId: token.agentId ?? "", spkiSha256: applicant.csr.spkiSha256, state: "active" },
    include: { agent: true },
    orderBy: { generation: "desc" },
  });
  if (row?.agent.state !== "active") return { kind: "refused", reason: "used" };
  const issued = await signAgentCertificate({
    authority: deps.keys.issuing,
    publicKeyPem: applicant.csr.publicKeyPem,
    tenantId,
    agentId: row.agentId,
    now: deps.now(),
    again: { serial: row.serial, notBefore: row.notBefore.getTime(), notAfter: row.notAfter.getTime() },
  });
  return { kind: "enrolled", isRepeat: true, reply: replyOf(deps, row.agentId, issued.certPem, deps.now()) };
}

/** Gives the token back: nothing was made of it. */
async function undo({ tx, tenantId }: TenantHandle, tokenId: string, verdict: Verdict): Promise<Verdict> {
  await tx.enrolmentToken.update({
    where: { tenantId_id: { tenantId, id: tokenId } },
    data: { usedSpki: null },
  });
  return verdict;
}

async function recordRefusal(
  deps: EnrolDeps,
  request: EnrolRequest,
  reason: Refusal,
  sourceIp: string,
): Promise<void> {
  await deps.database.withTenant(request.tenantId, async (handle) => {
    const { tx, tenantId } = handle;
    if (!(await tx.customer.findUnique({ where: { id: tenantId }, select: { id: true } }))) return;
    const where = { tenantId_id: { tenantId, id: request.tokenId } };
    const token = await tx.enrolmentToken.findUnique({ where });
    if (token) await tx.enrolmentToken.update({ where, data: { lastRefusal: SENTENCES[reason] } });
    handle.audit({
      actor: { kind: "agent", id: null, name: request.host.hostname },
      action: "agent.enrol",
      object: { kind: "enrolment", id: request.tokenId, name: token?.agentName ?? "unknown" },
      result: "refused",
      sourceIp,
      detail: { reason: SENTENCES[reason], after: { hostname: request.host.hostname, code: reason } },
    });
  });
}

function replyOf(deps: EnrolDeps, agentId: string, certificatePem: string, now: number): EnrolReply {
  return {
    agentId,
    certificatePem,
    caPem: deps.keys.issuing.certPem,
    streamUrl: deps.streamUrl,
    serverTime: now,
  };
}
