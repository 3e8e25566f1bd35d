import { X509Certificate } from "node:crypto";
import { PROTOCOL_VERSION, renewReply } from "@rollcall/agent-protocol";
import type { Logger } from "@rollcall/observability";
import { agentIdentityOf, makeCsr, newPrivateKeyPem, spkiSha256 } from "@rollcall/pki";
import { z } from "zod";
import { type Identity, writeIdentity } from "../enrolment/identity.ts";
import type { Clock } from "../supervisor/clock.ts";
import type { PortalLink } from "./portal-link.ts";

const HOUR_MS = 3_600_000;
/** The certificate is looked at this often. */
const LOOK_MS = 60_000;

export interface RenewalOptions {
  readonly link: PortalLink;
  readonly identityFile: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** When to renew: at half the life, a tenth of it earlier or later, so that a fleet does not come at once. */
export function renewAt(certificatePem: string, random: number): number {
  const certificate = new X509Certificate(certificatePem);
  const from = certificate.validFromDate.getTime();
  const life = certificate.validToDate.getTime() - from;
  return from + life * (0.5 + (random - 0.5) * 0.2);
}

/**
 * Renews the agent's certificate, in two phases that survive a kill at any step: the new key and certificate are on
 * disk before they are used, and the old ones stay until the gateway has accepted the new.
 *
 * Source: reliability and security, 7.5.
 */
export async function keepCertificate(options: RenewalOptions, signal: AbortSignal): Promise<void> {
  const { link, clock, log } = options;
  await settle(options, signal);
  let dueAt = renewAt(link.identity.current.certificatePem, options.random());
  while (!signal.aborted) {
    const left = dueAt - clock.now();
    if (left > 0) {
      await clock.sleep(Math.min(left, LOOK_MS), signal);
      continue;
    }
    await link.ready(signal);
    const isRenewed = await renew(options, signal);
    if (isRenewed) {
      await settle(options, signal);
      dueAt = renewAt(link.identity.current.certificatePem, options.random());
    } else {
      log.warn(
        { notAfter: notAfterOf(link.identity) },
        "certificate was not renewed; tried again within the hour",
      );
      await clock.sleep(HOUR_MS * (0.1 + 0.9 * options.random()), signal);
    }
  }
}

export function notAfterOf(identity: Identity): number {
  return new X509Certificate((identity.next ?? identity.current).certificatePem).validToDate.getTime();
}

async function renew({ link, identityFile }: RenewalOptions, signal: AbortSignal): Promise<boolean> {
  const keyPem = await newPrivateKeyPem("p256");
  const csrPem = await makeCsr(keyPem);
  const answer = await link.ask({
    method: "POST",
    path: "/v1/renew",
    answer: renewReply,
    body: { v: PROTOCOL_VERSION, csrPem },
    signal,
  });
  if (answer.kind !== "answer") return false;
  const { certificatePem } = answer.value;
  const named = agentIdentityOf(certificatePem);
  const issuer = new X509Certificate(link.identity.caPem);
  const isOurs =
    named !== null &&
    named.agentId === link.identity.agentId.toLowerCase() &&
    named.tenantId === link.identity.tenant.id.toLowerCase() &&
    named.spkiSha256 === spkiSha256(keyPem) &&
    new X509Certificate(certificatePem).verify(issuer.publicKey);
  if (!isOurs) return false;
  const next: Identity = { ...link.identity, next: { keyPem, certificatePem } };
  writeIdentity(identityFile, next);
  await link.setIdentity(next);
  return true;
}

/** Uses a certificate that was received: once the gateway has taken it, it is the only one. */
async function settle({ link, identityFile, log }: RenewalOptions, signal: AbortSignal): Promise<void> {
  while (link.identity.next !== null) {
    await link.ready(signal);
    const identity = link.identity;
    // Any question will do; this one is answered at once and changes nothing.
    const answer = await link
      .ask({ method: "GET", path: "/v1/downlink?after=999999999999999&wait=0", answer: z.unknown(), signal })
      .catch((error: unknown) => {
        if (signal.aborted) throw error;
        return null;
      });
    if (answer === null) continue;
    if (answer.kind === "refused" && answer.code === "certificate-unknown") {
      // It was replaced before it was ever used: the one before it still counts.
      const back: Identity = { ...identity, next: null };
      writeIdentity(identityFile, back);
      await link.setIdentity(back);
      return;
    }
    if (answer.kind === "refused") continue;
    const settled: Identity = { ...identity, current: identity.next ?? identity.current, next: null };
    writeIdentity(identityFile, settled);
    await link.setIdentity(settled);
    log.info({ notAfter: notAfterOf(settled) }, "agent certificate renewed");
  }
}
