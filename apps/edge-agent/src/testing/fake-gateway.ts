import { randomUUID } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { gunzipSync } from "node:zlib";
import { enrolRequest, type OnboardingPayload, renderOnboardingFile } from "@rollcall/agent-protocol";
import {
  type Authority,
  agentIdentityOf,
  certificateSha256,
  checkCsr,
  createAuthority,
  issueServerCertificate,
  newEnrolmentToken,
  signAgentCertificate,
  signOnboarding,
  verifyEnrolProof,
} from "@rollcall/pki";
import { fileKeyOf } from "@rollcall/pki/onboarding";
import { newSigningSeed } from "@rollcall/pki/signing-key";

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into messages of every shape
  readonly body: any;
  /** The id of the agent whose certificate was shown; null without one. */
  readonly agentId: string | null;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers one call; null: no answer at all, the connection is cut. */
export type Handler = (call: Call) => Reply | null | Promise<Reply | null>;

export interface FakeGateway {
  readonly url: string;
  readonly issuing: Authority;
  readonly tenantId: string;
  readonly calls: Call[];
  /** Replaces the answer to `"POST /v1/renew"` and the like. */
  on(route: string, handler: Handler): void;
  /** The present answer, to build another upon. */
  handlerOf(route: string): Handler;
  /** The text of a signed onboarding file for this gateway. */
  onboarding(changes?: (payload: OnboardingPayload) => OnboardingPayload): string;
  /** Raw Ed25519 key that signs the files. */
  readonly fileKey: string;
  /** Calls of one route so far. */
  callsTo(route: string): Call[];
  close(): Promise<void>;
  /** Takes connections again, on the same port. */
  open(): Promise<void>;
}

export interface FakeGatewayOptions {
  /** Who issues its certificate; its own issuing CA where absent. */
  readonly serverAuthority?: Authority;
  readonly serverNames?: readonly string[];
}

/**
 * A gateway that speaks real TLS 1.3 and issues real certificates; what it answers is up to the test.
 * Enrolment works as it comes: one token, one key.
 */
export async function startFakeGateway(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const now = Date.now();
  const issuing = await createAuthority({ commonName: "Rollcall issuing CA", kind: "p256", now });
  const certificate = await issueServerCertificate({
    authority: options.serverAuthority ?? issuing,
    kind: "p256",
    names: options.serverNames ?? ["127.0.0.1", "localhost"],
    now,
  });
  const tenantId = randomUUID();
  const siteId = randomUUID();
  const agentId = randomUUID();
  const token = newEnrolmentToken();
  const fileKey = fileKeyOf(newSigningSeed());
  const calls: Call[] = [];
  const handlers = new Map<string, Handler>();
  let enrolledKey: string | null = null;

  handlers.set("GET /v1/enrol/nonce", () => ({
    status: 200,
    body: { nonce: "a-nonce", serverTime: Date.now() },
  }));
  handlers.set("POST /v1/enrol", async ({ body }) => {
    const request = enrolRequest.parse(body);
    const csr = await checkCsr(request.csrPem, "p256");
    if (csr.kind === "refused")
      return { status: 400, body: { code: "request-refused", message: csr.reason } };
    const proven = verifyEnrolProof(
      token.publicKey,
      {
        tokenId: request.tokenId,
        csrSha256: csr.csrSha256,
        caSha256: request.caSha256,
        nonce: "a-nonce",
        time: request.time,
      },
      request.proof,
    );
    if (!proven || (enrolledKey !== null && enrolledKey !== csr.spkiSha256))
      return {
        status: 403,
        body: { code: "enrolment-refused", message: "The gateway did not accept this onboarding file." },
      };
    enrolledKey = csr.spkiSha256;
    const issued = await signAgentCertificate({
      authority: issuing,
      publicKeyPem: csr.publicKeyPem,
      tenantId,
      agentId,
      now: Date.now(),
    });
    return {
      status: 200,
      body: {
        agentId,
        certificatePem: issued.certPem,
        caPem: issuing.certPem,
        streamUrl: url(),
        serverTime: Date.now(),
      },
    };
  });

  let port = 0;
  const url = (): string => `https://127.0.0.1:${port}`;
  const make = () =>
    createServer(
      {
        key: certificate.keyPem,
        cert: certificate.certPem,
        ca: issuing.certPem,
        requestCert: true,
        rejectUnauthorized: false,
        minVersion: "TLSv1.3",
      },
      async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const raw = Buffer.concat(chunks);
        const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw).toString(
          "utf8",
        );
        const shown = (request.socket as TLSSocket).getPeerX509Certificate();
        const asked = new URL(request.url ?? "/", url());
        const call: Call = {
          method: request.method ?? "",
          path: asked.pathname,
          query: asked.searchParams,
          body: text === "" ? null : JSON.parse(text),
          agentId: shown === undefined ? null : (agentIdentityOf(shown.raw)?.agentId ?? null),
        };
        calls.push(call);
        const handler =
          handlers.get(`${call.method} ${call.path}`) ??
          handlers.get(`${call.method} ${call.path.replace(/[^/]+$/, "*")}`);
        const reply = handler === undefined ? await wait(call) : await handler(call);
        if (reply === null) {
          request.socket.destroy();
          return;
        }
        response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
        response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
      },
    );

  /** A long poll that finds nothing; a short one says so soon, so that tests need not wait. */
  async function wait(call: Call): Promise<Reply> {
    if (call.method === "GET" && call.query.get("wait") !== "0")
      await new Promise((resolve) => setTimeout(resolve, 200));
    return { status: 204 };
  }

  let server = make();
  const open = async (): Promise<void> => {
    server = make();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  };
  await open();

  const payload = (): OnboardingPayload => ({
    format: "rollcall-onboarding",
    version: 1,
    file_id: "01JTESTTEST",
    tenant: { id: tenantId, name: "Castell & Daughters" },
    site: { id: siteId, name: "London" },
    agent: { name: "cd-lon-01", purpose: "enrol", agent_id: null },
    endpoints: { enrol: url(), stream: url() },
    trust: {
      ca_pem: issuing.certPem,
      ca_sha256: certificateSha256(issuing.certPem),
      min_tls: "1.3",
      file_key: fileKey.publicKey,
    },
    token: { id: token.id, secret: token.secret, not_after: new Date(Date.now() + 3_600_000).toISOString() },
    confidentiality: "L0",
    created_at: new Date().toISOString(),
  });

  return {
    get url() {
      return url();
    },
    issuing,
    tenantId,
    calls,
    fileKey: fileKey.publicKey,
    on: (route, handler) => void handlers.set(route, handler),
    handlerOf(route) {
      const handler = handlers.get(route);
      if (handler === undefined) throw new Error(`nothing answers ${route}`);
      return handler;
    },
    onboarding: (changes = (same) => same) =>
      renderOnboardingFile(signOnboarding(changes(payload()), fileKey)),
    callsTo: (route) => calls.filter((call) => `${call.method} ${call.path}` === route),
    open,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
