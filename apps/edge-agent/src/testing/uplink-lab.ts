import { createPublicKey, randomUUID } from "node:crypto";
import { silentLogger } from "@rollcall/observability";
import { newPrivateKeyPem, signAgentCertificate } from "@rollcall/pki";
import type { Identity } from "../enrolment/identity.ts";
import { systemClock } from "../supervisor/clock.ts";
import { createPortalLink, type PortalLink } from "../uplink/portal-link.ts";
import type { FakeGateway, Reply } from "./fake-gateway.ts";

/** An agent that this gateway has enrolled, without going through enrolment. */
export async function anIdentity(gateway: FakeGateway, lifetimeMs?: number): Promise<Identity> {
  const agentId = randomUUID();
  const keyPem = await newPrivateKeyPem("p256");
  const issued = await signAgentCertificate({
    authority: gateway.issuing,
    publicKeyPem: createPublicKey(keyPem).export({ type: "spki", format: "pem" }).toString(),
    tenantId: gateway.tenantId,
    agentId,
    now: Date.now(),
    ...(lifetimeMs === undefined ? {} : { ttlMs: lifetimeMs }),
  });
  return {
    format: "rollcall-identity",
    version: 1,
    agentId,
    agentName: "cd-lon-01",
    tenant: { id: gateway.tenantId, name: "Castell & Daughters" },
    site: { id: randomUUID(), name: "London" },
    streamUrl: gateway.url,
    caPem: gateway.issuing.certPem,
    caSha256: "0".repeat(64),
    fileKey: gateway.fileKey,
    tokenId: "0123456789ABCDEF",
    enrolledAt: Date.now(),
    current: { keyPem, certificatePem: issued.certPem },
    next: null,
    sealing: { publicKey: "x", privateKey: "x" },
  };
}

/** A link whose patience is always at its shortest. */
export function aLink(identity: Identity): PortalLink {
  return createPortalLink({ identity, clock: systemClock, random: () => 0, log: silentLogger });
}

/** Waits for something that happens soon; fails with `what` when it does not. */
export async function eventually(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const until = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > until) throw new Error(`${what} did not come about within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Runs a task until the test is over. */
export async function during<T>(
  run: (signal: AbortSignal) => Promise<void>,
  work: () => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const ended = run(stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  try {
    return await work();
  } finally {
    stop.abort(new Error("the test is over"));
    await ended;
  }
}

/** Answers the first question with each of `replies` in turn, then with nothing. */
export function once(...replies: Reply[]) {
  return async (): Promise<Reply> => {
    const next = replies.shift();
    if (next === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    return next ?? { status: 204 };
  };
}
