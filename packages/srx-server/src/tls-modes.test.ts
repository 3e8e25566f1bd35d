import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { createAuthority, issueServerCertificate } from "@rollcall/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHarness, testIdentity } from "./testing/index.ts";
import { type TlsMode, tlsSettings, transportOf, transportWarning } from "./tls-settings.ts";

/**
 * T-TLS-1: eight kinds of client against three modes, each with what must come of it. The client is OpenSSL's own, of the
 * system, with its security level lowered to 0, so that what is refused is refused by us.
 */
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
if (!hasOpenssl && process.env.CI) throw new Error("the TLS table needs the openssl command: install it");

const ANY = "ALL:@SECLEVEL=0";
const CLIENTS = {
  "TLS 1.0": ["-tls1", "-cipher", ANY],
  "TLS 1.1": ["-tls1_1", "-cipher", ANY],
  "TLS 1.2, RSA key exchange": ["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"],
  "TLS 1.2, RSA key exchange and CBC": ["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"],
  "TLS 1.2, P-256 only": ["-tls1_2", "-curves", "P-256"],
  // Where the command has no option for it (OpenSSL 3.0), its configuration file has: see `noExtendedMasterSecret`.
  "TLS 1.2, no extended master secret": ["-tls1_2"],
  "TLS 1.2, no SNI": ["-tls1_2", "-noservername"],
  "TLS 1.3": ["-tls1_3"],
} as const;
type Client = keyof typeof CLIENTS;

const noExtendedMasterSecret = `openssl_conf = all
[all]
ssl_conf = tls
[tls]
system_default = defaults
[defaults]
Options = -ExtendedMasterSecret
`;

const GCM = "ECDHE-RSA-AES128-GCM-SHA256";
/** `-`: no connection. */
const TABLE: Readonly<Record<Client, Readonly<Record<TlsMode, string>>>> = {
  "TLS 1.0": { modern: "-", compat: "-", legacy: "TLSv1 ECDHE-RSA-AES128-SHA fw.example" },
  "TLS 1.1": { modern: "-", compat: "-", legacy: "TLSv1.1 ECDHE-RSA-AES128-SHA fw.example" },
  "TLS 1.2, RSA key exchange": same("-", "TLSv1.2 AES128-GCM-SHA256 fw.example"),
  "TLS 1.2, RSA key exchange and CBC": same("-", "TLSv1.2 AES128-SHA fw.example"),
  "TLS 1.2, P-256 only": same(`TLSv1.2 ${GCM} fw.example`),
  "TLS 1.2, no extended master secret": same(`TLSv1.2 ${GCM} fw.example`),
  "TLS 1.2, no SNI": same(`TLSv1.2 ${GCM} no SNI`),
  "TLS 1.3": same("TLSv1.3 TLS_AES_128_GCM_SHA256 fw.example"),
};
function same(modern: string, others = modern): Record<TlsMode, string> {
  return { modern, compat: others, legacy: others };
}

const MODES = ["modern", "compat", "legacy"] as const;
const listeners = new Map<TlsMode | "dual", { server: Server; port: number; seen: string[] }>();
let folder: string;
let configuration: string;

async function listen(name: TlsMode | "dual", identity: Parameters<typeof tlsSettings>[0], mode: TlsMode) {
  const seen: string[] = [];
  const server = createServer(tlsSettings(identity, mode), (socket: TLSSocket) => {
    seen.push(transportOf(socket));
    socket.on("error", () => undefined);
    socket.end("hello\n");
  });
  server.on("tlsClientError", () => undefined);
  await once(server.listen(0, "127.0.0.1"), "listening");
  listeners.set(name, { server, port: (server.address() as AddressInfo).port, seen });
}

/** What the server saw, or `-`; and which certificate the client was shown. */
async function connect(name: TlsMode | "dual", args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const listener = listeners.get(name);
  if (listener === undefined) throw new Error(`no listener ${name}`);
  listener.seen.length = 0;
  const client = spawn(
    "openssl",
    [
      "s_client",
      "-connect",
      `127.0.0.1:${listener.port}`,
      ...(args.includes("-noservername") ? [] : ["-servername", "fw.example"]),
      "-ign_eof",
      ...args,
    ],
    { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...environment } },
  );
  let said = "";
  for (const stream of [client.stdout, client.stderr])
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  client.stdin.end();
  await once(client, "close");
  if (/unknown option|Option unknown/i.test(said)) throw new Error(said);
  return { saw: listener.seen[0] ?? "-", hello: said.includes("hello"), said };
}

describe.skipIf(!hasOpenssl)("what a firewall may speak", () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "rollcall-tls-"));
    configuration = path.join(folder, "openssl.cnf");
    writeFileSync(configuration, noExtendedMasterSecret);
    const identity = await testIdentity();
    for (const mode of MODES) await listen(mode, identity, mode);
    const now = Date.now();
    const authority = await createAuthority({ commonName: "Test CA dual", kind: "rsa2048", now });
    const leaf = (kind: "rsa2048" | "p256") =>
      issueServerCertificate({ authority, kind, names: ["fw.example"], now });
    await listen("dual", { ...(await leaf("rsa2048")), ec: await leaf("p256") }, "compat");
  });
  afterAll(() => {
    for (const { server } of listeners.values()) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [client, args] of Object.entries(CLIENTS))
    for (const mode of MODES) {
      const expected = TABLE[client as Client][mode];
      it(`${client} at a ${mode} listener: ${expected === "-" ? "refused" : expected}`, async () => {
        const environment = client.includes("extended master") ? { OPENSSL_CONF: configuration } : {};
        const { saw, hello, said } = await connect(mode, args, environment);
        if (client.includes("extended master")) expect(said).toContain("Extended master secret: no");
        expect([saw, hello], said).toEqual([expected, expected !== "-"]);
      });
    }

  it("proves by its RSA leaf to who knows nothing else, and by its elliptic one to who can", async () => {
    expect((await connect("dual", CLIENTS["TLS 1.2, RSA key exchange and CBC"])).saw).toBe(
      "TLSv1.2 AES128-SHA fw.example",
    );
    expect((await connect("dual", ["-tls1_2"])).saw).toBe("TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 fw.example");
    const { saw, said } = await connect("dual", ["-tls1_3"]);
    expect(saw).toMatch(/^TLSv1\.3 /);
    expect(said).toMatch(/ECDSA/i);
  });
});

describe("a client that wants to renegotiate", () => {
  it.each(["own", "node"] as const)("is closed, and nobody else notices (%s engine)", async (engine) => {
    const harness = await startHarness({ engine });
    const socket = await harness.raw({ maxVersion: "TLSv1.2" });
    const closed = once(socket, "close");
    socket.on("error", () => undefined);
    // Refused by us or by the client's own library: either way no second handshake is made.
    const renegotiated = new Promise<boolean>((resolve) => {
      socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null));
      socket.once("close", () => resolve(false));
    });
    expect(await renegotiated).toBe(false);
    socket.destroy();
    await closed;
    expect(await harness.token()).toMatch(/^[0-9a-f-]{36}$/);
    await harness.stop();
  });
});

describe("what is said of a firewall's TLS", () => {
  it("is a sentence for TLS 1.0 and 1.1, and silence for the rest", () => {
    expect(transportWarning("TLSv1 AES128-SHA no SNI")).toContain("still speaks TLS 1.0");
    expect(transportWarning("TLSv1.1 AES128-SHA no SNI")).toContain("still speaks TLS 1.1");
    for (const good of ["TLSv1.2 AES128-SHA no SNI", "TLSv1.3 TLS_AES_128_GCM_SHA256 x", "? ? no SNI", ""])
      expect([good, transportWarning(good)]).toEqual([good, null]);
  });
});
