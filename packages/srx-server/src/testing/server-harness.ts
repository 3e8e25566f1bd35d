import { createHmac } from "node:crypto";
import { Agent, request } from "node:https";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { EntryFilter } from "@rollcall/identity-core";
import { createAuthority, issueServerCertificate } from "@rollcall/pki";
import { jsonSuperset } from "@rollcall/srx-protocol";
import { FakeClock } from "@rollcall/testkit";
import {
  type ContactBook,
  createContactRecorder,
  createMemoryTokenStore,
  createPointRegistry,
  createSrxServer,
  type PointRegistry,
  type RegisteredPoint,
  type SrxServer,
  type SrxServerOptions,
  type TlsIdentity,
  type TokenStore,
} from "../index.ts";
import { TestTable } from "./test-table.ts";

export const EVERYTHING: EntryFilter = {
  addressSpaceIds: [],
  domains: [],
  includeIp: [],
  excludeIp: [],
  ipv6: true,
};

/** A point with one secret; verifiers here are the secrets themselves, so that a test reads what it types. */
export function aPoint(over: Partial<RegisteredPoint> = {}): RegisteredPoint {
  return {
    tenantId: "tenant-1",
    id: "point-1",
    name: "HQ-FW1",
    clientId: "srx-a",
    sourceAddresses: [],
    filter: EVERYTHING,
    profile: jsonSuperset,
    mayReport: [],
    learnUntil: null,
    reannounceMinutes: 0,
    tokenTtlSeconds: 28_800,
    secrets: [{ id: "secret-1", verifier: "EXAMPLE" }],
    ...over,
  };
}

const issued = new Map<string, Promise<TlsIdentity & { readonly caPem: string }>>();

/** An RSA identity for `localhost` and the loopback addresses; the same name gives the same one. */
export function testIdentity(name = "first"): Promise<TlsIdentity & { readonly caPem: string }> {
  const known = issued.get(name) ?? issue(name);
  issued.set(name, known);
  return known;
}

async function issue(name: string): Promise<TlsIdentity & { readonly caPem: string }> {
  const now = Date.now();
  const authority = await createAuthority({ commonName: `Test CA ${name}`, kind: "rsa2048", now });
  const names = ["localhost", "127.0.0.1", "127.0.0.2", "::1"];
  const certificate = await issueServerCertificate({ authority, kind: "rsa2048", names, now });
  return { certPem: certificate.certPem, keyPem: certificate.keyPem, caPem: authority.certPem };
}

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Which of this machine's addresses asks. */
  readonly from?: string;
  readonly agent?: Agent;
}

/** A running server with everything a test moves or looks at. */
export interface Harness {
  readonly server: SrxServer;
  readonly clock: FakeClock;
  readonly source: TestTable;
  readonly points: PointRegistry;
  readonly tokens: TokenStore;
  readonly contacts: ContactBook;
  readonly port: number;
  ask(asking: Asking): Promise<Answer>;
  /** A token of the point `srx-a`, or another client. */
  token(over?: {
    readonly clientId?: string;
    readonly secret?: string;
    readonly from?: string;
  }): Promise<string>;
  /** Asks with that token and gives the parsed document. */
  poll(token: string, path: string, from?: string): Promise<Document>;
  raw(options?: ConnectionOptions & { readonly localAddress?: string }): Promise<TLSSocket>;
  stop(): Promise<void>;
}

export interface Document {
  readonly cookie?: string;
  readonly report_entries: readonly {
    readonly ip: string;
    readonly user: string;
    readonly operation: string;
  }[];
}

export async function startHarness(over: Partial<SrxServerOptions> = {}): Promise<Harness> {
  const identity = await testIdentity();
  const clock = new FakeClock();
  const source = new TestTable();
  const points = createPointRegistry({ verifySecret: (secret, verifier) => secret === verifier });
  points.setPoints([aPoint()]);
  const tokens = createMemoryTokenStore();
  const contacts = createContactRecorder();
  const server = createSrxServer({
    listen: { host: "0.0.0.0", port: 0 },
    tls: identity,
    points,
    tokens,
    sourceFor: () => source,
    cursorMac: (bytes) => createHmac("sha256", "test key").update(bytes).digest(),
    contacts,
    now: clock.now,
    ...over,
  });
  await server.start();
  const port = server.address?.port ?? 0;
  const own = new Agent({ keepAlive: false });

  const ask = (asking: Asking): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const req = request(
        {
          host: "127.0.0.1",
          port,
          ca: identity.caPem,
          method: asking.method ?? "GET",
          path: asking.path,
          headers: { ...asking.headers },
          localAddress: asking.from ?? "127.0.0.1",
          agent: asking.agent ?? own,
        },
        (res) => {
          const chunks: Buffer[] = [];
          res.on("data", (chunk: Buffer) => chunks.push(chunk));
          res.on("error", reject);
          res.on("end", () =>
            resolve({
              status: res.statusCode ?? 0,
              reason: res.statusMessage ?? "",
              headers: res.headers,
              rawHeaders: res.rawHeaders,
              body: Buffer.concat(chunks).toString("utf8"),
            }),
          );
        },
      );
      req.on("error", reject);
      req.end(asking.body);
    });

  return {
    server,
    clock,
    source,
    points,
    tokens,
    contacts,
    port,
    ask,
    async token({ clientId = "srx-a", secret = "EXAMPLE", from } = {}) {
      const answer = await ask({
        method: "POST",
        path: "/oauth_token/oauth",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: `grant_type=client_credentials&client_id=${clientId}&client_secret=${secret}`,
        ...(from === undefined ? {} : { from }),
      });
      if (answer.status !== 200) throw new Error(`token refused: ${answer.status} ${answer.body}`);
      return (JSON.parse(answer.body) as { access_token: string }).access_token;
    },
    async poll(token, path, from) {
      const answer = await ask({ path, headers: bearer(token), ...(from === undefined ? {} : { from }) });
      if (answer.status !== 200) throw new Error(`poll refused: ${answer.status} ${answer.body}`);
      return JSON.parse(answer.body) as Document;
    },
    raw: (options = {}) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port, ca: identity.caPem, ...options }, () =>
          resolve(socket),
        );
        socket.once("error", reject);
      }),
    async stop() {
      own.destroy();
      await server.stop();
    },
  };
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** Everything that comes on a socket until the other side closes it. */
export function readToEnd(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
    });
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
  });
}
