import { createHmac } from "node:crypto";
import { createAuthority, issueServerCertificate } from "@rollcall/pki";
import { jsonSuperset } from "@rollcall/srx-protocol";
import {
  createContactRecorder,
  createMemoryTokenStore,
  createPointRegistry,
  createSrxServer,
} from "@rollcall/srx-server";
import { SPACE, tableOf } from "./sessions.ts";

/**
 * A process of its own with an agent's session table and firewall listener: `node listener-process.ts SESSIONS FIREWALLS [node]`,
 * where `node` puts Node's HTTPS server in the place of our reader.
 * Says where it listens in one JSON line and runs until its input ends; a line on its input is answered with its memory.
 */
const [sessions = 50_000, firewalls = 100] = process.argv.slice(2).map(Number);
const engine = process.argv[4] === "node" ? "node" : "own";
const now = Date.now();
const table = tableOf(sessions, now);
const authority = await createAuthority({ commonName: "Bench CA", kind: "rsa2048", now });
const { certPem, keyPem } = await issueServerCertificate({
  authority,
  kind: "rsa2048",
  names: ["localhost", "127.0.0.1"],
  now,
});

const points = createPointRegistry({ verifySecret: (secret, verifier) => secret === verifier });
points.setPoints(
  Array.from({ length: firewalls }, (_, at) => ({
    tenantId: "tenant",
    id: `point-${at}`,
    name: `FW${at}`,
    clientId: `srx-${at}`,
    sourceAddresses: ["127.0.0.0/8"],
    filter: { addressSpaceIds: [SPACE], domains: [], includeIp: [], excludeIp: [], ipv6: false },
    profile: jsonSuperset,
    tokenTtlSeconds: 28_800,
    mayReport: [],
    learnUntil: null,
    reannounceMinutes: 0,
    secrets: [{ id: "secret", verifier: "bench" }],
  })),
);
const server = createSrxServer({
  listen: { host: "127.0.0.1", port: 0 },
  tls: { certPem, keyPem },
  points,
  tokens: createMemoryTokenStore(),
  sourceFor: () => table,
  cursorMac: (bytes) => createHmac("sha256", "bench").update(bytes).digest(),
  contacts: createContactRecorder(),
  // One firewall here stands for many that begin the table at the same moment.
  limits: { connectionsPerSourceMax: 2000, fullTables: { burst: 1_000_000, perSecond: 1000 } },
  engine,
});
await server.start();
process.stdout.write(
  `${JSON.stringify({ port: server.address?.port, caPem: authority.certPem, certPem, keyPem })}\n`,
);

process.stdin.on("data", () => {
  globalThis.gc?.();
  process.stdout.write(
    `${JSON.stringify({ ...process.memoryUsage(), failed: server.health().counters.failed })}\n`,
  );
});
process.stdin.on("end", () => process.exit(0));
