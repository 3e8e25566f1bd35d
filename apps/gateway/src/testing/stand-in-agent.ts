import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import {
  type Batch,
  enrolReply,
  type OnboardingPayload,
  openReply,
  PROTOCOL_VERSION,
} from "@rollcall/agent-protocol";
import {
  csrSha256,
  enrolProof,
  generateSealingKey,
  makeCsr,
  newPrivateKeyPem,
  type SealingKey,
} from "@rollcall/pki";
import { type DeviceAnswer, DeviceClient } from "./device-client.ts";

/** What an enrolled agent holds. */
export interface Enrolled {
  readonly agentId: string;
  readonly tenantId: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly caPem: string;
  readonly sealing: SealingKey;
}

/** The request of an enrolment, in parts that a test can replace. */
export async function enrolmentOf(
  payload: OnboardingPayload,
  nonce: string,
  own: { readonly privateKeyPem?: string; readonly csrPem?: string; readonly time?: number } = {},
) {
  const privateKeyPem = own.privateKeyPem ?? (await newPrivateKeyPem("p256"));
  const sealing = await generateSealingKey();
  const csrPem = own.csrPem ?? (await makeCsr(privateKeyPem));
  const time = own.time ?? Date.now();
  const proof = enrolProof(payload.token.secret, {
    tokenId: payload.token.id,
    csrSha256: csrSha256(csrPem),
    caSha256: payload.trust.ca_sha256,
    nonce,
    time,
  });
  const request = {
    v: PROTOCOL_VERSION,
    tenantId: payload.tenant.id,
    tokenId: payload.token.id,
    csrPem,
    sealingPublicKey: sealing.publicKey,
    nonce,
    time,
    caSha256: payload.trust.ca_sha256,
    proof,
    host: { hostname: hostname(), os: "Debian 13", version: "0.1.0" },
  };
  return { request, privateKeyPem, sealing };
}

export async function askNonce(client: DeviceClient, payload: OnboardingPayload): Promise<string> {
  const answer = await client.get(`/v1/enrol/nonce?token=${payload.token.id}&tenant=${payload.tenant.id}`);
  return String(answer.body?.nonce);
}

/**
 * An agent of flesh and TLS but without a spool: for tests of the gateway and of whatever needs one that is enrolled.
 */
export class StandInAgent {
  readonly enrolled: Enrolled;
  readonly client: DeviceClient;
  readonly #spoolId = randomUUID();
  #epoch = 0;
  #nextSeq = 1;

  constructor(url: string, enrolled: Enrolled) {
    this.enrolled = enrolled;
    this.client = new DeviceClient({ url, ...enrolled });
  }

  /** Enrols with a file's payload. Throws where the gateway refuses. */
  static async enrol(url: string, payload: OnboardingPayload): Promise<StandInAgent> {
    const stranger = new DeviceClient({ url, caPem: payload.trust.ca_pem });
    try {
      const { request, privateKeyPem, sealing } = await enrolmentOf(
        payload,
        await askNonce(stranger, payload),
      );
      const answer = await stranger.post("/v1/enrol", request);
      if (answer.status !== 200) throw new Error(`enrol: ${answer.status} ${answer.text}`);
      const reply = enrolReply.parse(answer.body);
      return new StandInAgent(url, {
        agentId: reply.agentId,
        tenantId: payload.tenant.id,
        certificatePem: reply.certificatePem,
        privateKeyPem,
        caPem: reply.caPem,
        sealing,
      });
    } finally {
      stranger.close();
    }
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Opens the stream and takes over what the gateway says. */
  async open(): Promise<DeviceAnswer> {
    const answer = await this.client.post("/v1/streams/open", {
      v: PROTOCOL_VERSION,
      lane: "live",
      spoolId: this.#spoolId,
      epoch: this.#epoch,
      nextSeq: this.#nextSeq,
      oldestRetained: 1,
      acked: this.#nextSeq - 1,
      bootId: randomUUID(),
      wall: Date.now(),
    });
    const reply = openReply.parse(answer.body);
    this.#epoch = reply.epoch;
    if (reply.action === "snapshot") this.#nextSeq = 1;
    return answer;
  }

  /** Sends a batch as it is. */
  send(batch: Batch, gzip = false): Promise<DeviceAnswer> {
    return this.client.post("/v1/streams/live/batches", batch, { gzip });
  }

  /** Numbers that the next batch begins with; moves on by `count`. */
  take(count: number): { epoch: number; first: number } {
    const first = this.#nextSeq;
    this.#nextSeq += count;
    return { epoch: this.#epoch, first };
  }

  close(): void {
    this.client.close();
  }
}
