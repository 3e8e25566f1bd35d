import { once } from "node:events";
import { Agent } from "node:https";
import { connect as connectTcp } from "node:net";
import { silentLogger } from "@rollcall/observability";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterEach, describe, expect, test } from "vitest";
import { ListenError } from "./index.ts";
import { bearer, type Harness, readToEnd, startHarness, testIdentity } from "./testing/index.ts";

describe.each(["own", "node"] as const)("the %s engine", (engine) => {
  let harness: Harness;
  afterEach(() => harness.stop());

  const PROBE = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

  describe("a peer that takes its time", () => {
    test("with the headers is told 408 and closed", async () => {
      harness = await startHarness({ engine, limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 } });
      const socket = await harness.raw();
      socket.write("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
      expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 408 /);
      expect(harness.server.health().counters.malformed).toBe(1);
    });

    test("with saying anything at all is closed", async () => {
      harness = await startHarness({ engine, limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 } });
      await readToEnd(await harness.raw());
      await expect.poll(() => harness.server.health().counters.connections).toBe(0);
    });

    test("with the body is closed", async () => {
      harness = await startHarness({ engine, limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 } });
      const socket = await harness.raw();
      socket.write("POST /oauth HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nclient_id=");
      expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 408 /);
    });

    test("with the handshake is closed", async () => {
      harness = await startHarness({ engine, limits: { handshakeTimeoutMs: 200 } });
      const socket = connectTcp(harness.port, "127.0.0.1");
      await once(socket, "close");
      expect(harness.server.health().counters.handshakesFailed).toBe(1);
    });

    test("does not keep others waiting", async () => {
      harness = await startHarness({ engine, limits: { connectionsPerSourceMax: 5 } });
      const slow = await Promise.all(
        Array.from({ length: 5 }, () => harness.raw({ localAddress: "127.0.0.9" })),
      );
      for (const socket of slow) socket.write("GET / HTT");
      await expect(harness.raw({ localAddress: "127.0.0.9" })).rejects.toThrow();
      expect((await harness.ask({ path: "/" })).status).toBe(200);
      await expect
        .poll(() => harness.server.health().counters)
        .toMatchObject({ connections: 5, connectionsRefused: 1 });
      for (const socket of slow) socket.destroy();
    });
  });

  describe("a peer that sends too much or rubbish", () => {
    test("is told 413 as soon as the announced length is known, and closed", async () => {
      harness = await startHarness({ engine });
      const socket = await harness.raw();
      socket.write("POST /oauth HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");
      expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 413 Content Too Large\r\n/);
    });

    test("is told 413 when chunks add up to too much", async () => {
      harness = await startHarness({ engine });
      const socket = await harness.raw();
      socket.write("POST /oauth HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
      socket.write(`11000\r\n${"a".repeat(0x11000)}\r\n`);
      expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 413 /);
      expect(harness.server.health().counters.tooLarge).toBe(1);
    });

    test("a body of exactly 64 KiB is read", async () => {
      harness = await startHarness({ engine });
      const answer = await harness.ask({
        method: "POST",
        path: "/oauth",
        body: `client_id=${"a".repeat(65_526)}`,
      });
      expect(answer.status).toBe(400);
    });

    test.each([
      ["headers of 20 KiB", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_480)}\r\n\r\n`, 431],
      ["no HTTP", "\u0016\u0003 hello\r\n\r\n", 400],
      ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", 400],
      [
        "length and chunks",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
      ],
      ["a bare line feed in a header", "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400],
    ])("%s is answered and closed", async (_, sent, status) => {
      harness = await startHarness({ engine });
      const socket = await harness.raw();
      socket.write(sent);
      expect(await readToEnd(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect((await harness.ask({ path: "/" })).status).toBe(200);
    });

    test("a client that goes away in the middle of its body leaves nothing behind", async () => {
      harness = await startHarness({ engine });
      const socket = await harness.raw();
      socket.write("POST /oauth HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nclient_id=");
      socket.destroy();
      await once(socket, "close");
      expect((await harness.ask({ path: "/" })).status).toBe(200);
      expect(harness.server.health().counters.failed).toBe(0);
    });
  });

  describe("TLS", () => {
    test.each([
      ["1.3", { minVersion: "TLSv1.3" }, "TLSv1.3"],
      ["1.2 with forward secrecy", { maxVersion: "TLSv1.2" }, "TLSv1.2"],
      [
        "1.2 with RSA key exchange and GCM",
        { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" },
        "TLSv1.2",
      ],
      ["1.2 with RSA key exchange and CBC", { maxVersion: "TLSv1.2", ciphers: "AES128-SHA" }, "TLSv1.2"],
      ["1.2 with P-256 only", { maxVersion: "TLSv1.2", ecdhCurve: "P-256" }, "TLSv1.2"],
      ["without SNI and without ALPN", { servername: "" }, "TLSv1.3"],
    ] as const)("%s is spoken", async (_, options, protocol) => {
      harness = await startHarness({ engine });
      const socket = await harness.raw(options);
      expect(socket.getProtocol()).toBe(protocol);
      socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n/);
    });

    test.each([
      ["1.1", { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }],
      ["1.2 with 3DES", { maxVersion: "TLSv1.2", ciphers: "DES-CBC3-SHA:@SECLEVEL=0" }],
      ["1.2 with RC4 or no encryption", { maxVersion: "TLSv1.2", ciphers: "NULL-SHA256:@SECLEVEL=0" }],
    ] as const)("%s is not", async (_, options) => {
      harness = await startHarness({ engine });
      await expect(harness.raw(options)).rejects.toThrow();
    });

    test("a handshake that fails is said with the address and the reason, ten times and no more", async () => {
      const lines: unknown[] = [];
      const log = { ...silentLogger, warn: (...line: unknown[]) => void lines.push(line) };
      harness = await startHarness({ engine, log });
      for (let at = 0; at < 12; at++) {
        const tooOld = { maxVersion: "TLSv1.2", ciphers: "NULL-SHA256:@SECLEVEL=0" } as const;
        await expect(harness.raw(tooOld)).rejects.toThrow();
      }
      expect(harness.server.health().counters.handshakesFailed).toBe(12);
      expect(lines).toHaveLength(10);
      expect(lines[0]).toEqual([
        { peer: "127.0.0.1", reason: expect.stringContaining("no shared cipher") },
        "handshake with a firewall failed",
      ]);
    });

    test("a renewed certificate serves the next handshake, and open connections stay", async () => {
      harness = await startHarness({ engine });
      const socket = await harness.raw();
      const before = socket.getPeerCertificate().fingerprint256;
      const renewed = await testIdentity("renewed");
      harness.server.setTls(renewed);
      const next = await harness.raw({ ca: renewed.caPem });
      expect(next.getPeerCertificate().fingerprint256).not.toBe(before);
      socket.write(PROBE);
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK/);
      socket.destroy();
      next.destroy();
    });

    test("a name of its own gets a certificate of its own, an unknown name and a failing choice the default", async () => {
      const own = await testIdentity("renewed");
      harness = await startHarness({
        engine,
        sni: (name) => {
          if (name === "broken.example") throw new Error("no database");
          return name === "own.example" ? own : null;
        },
      });
      const fingerprint = async (servername: string): Promise<string> => {
        const socket = await harness.raw({ servername, rejectUnauthorized: false });
        const { fingerprint256 } = socket.getPeerCertificate();
        socket.destroy();
        return fingerprint256;
      };
      const usual = await fingerprint("localhost");
      expect(await fingerprint("own.example")).not.toBe(usual);
      expect(await fingerprint("other.example")).toBe(usual);
      expect(await fingerprint("broken.example")).toBe(usual);
    });
  });

  describe("a connection", () => {
    test("serves question after question, and twenty at a time", async () => {
      harness = await startHarness({ engine });
      harness.source.tell(anEntry({ user: anEntryUser() }));
      const token = await harness.token();
      const agent = new Agent({ keepAlive: true, maxSockets: 20 });
      const asked = Array.from({ length: 200 }, () =>
        harness.ask({ path: "/user_query/v2/ip/192.0.2.50", headers: bearer(token), agent }),
      );
      const answers = await Promise.all(asked);
      expect(answers.every(({ status, body }) => status === 200 && body.includes("alice"))).toBe(true);
      expect(harness.server.health().counters.connections).toBeLessThanOrEqual(21);
      agent.destroy();
    });

    test("answers questions sent in one piece, in their order", async () => {
      harness = await startHarness({ engine });
      const socket = await harness.raw();
      socket.write(
        `${PROBE}GET /q HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      const statuses = [...(await readToEnd(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
      expect(statuses).toEqual(["200", "401", "200"]);
    });

    test("stays open for a firewall that polls once a minute", async () => {
      harness = await startHarness({ engine });
      const { DEFAULT_LIMITS } = await import("./srx-server.ts");
      expect(DEFAULT_LIMITS.keepAliveTimeoutMs).toBeGreaterThanOrEqual(75_000);
      expect(DEFAULT_LIMITS).toMatchObject({
        headersTimeoutMs: 10_000,
        requestTimeoutMs: 20_000,
        bodyBytesMax: 65_536,
      });
    });

    test("of HTTP/1.0 is closed after its answer, which says so", async () => {
      harness = await startHarness({ engine });
      const socket = await harness.raw();
      socket.write("GET / HTTP/1.0\r\n\r\n");
      expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n/);
    });
  });

  describe("starting and stopping", () => {
    test("a taken port is said in one sentence", async () => {
      harness = await startHarness({ engine });
      const second = startHarness({ engine, listen: { host: "0.0.0.0", port: harness.port } });
      await expect(second).rejects.toThrow(ListenError);
      await expect(second).rejects.toThrow(
        `listen for firewalls on 0.0.0.0:${harness.port}: the port is taken`,
      );
    });

    test("stopping finishes the answer that is under way and takes nothing new", async () => {
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      let reached = (): void => undefined;
      const atGate = new Promise<void>((resolve) => {
        reached = resolve;
      });
      harness = await startHarness({
        engine,
        sourceFor: async () => {
          reached();
          await gate;
          return harness.source;
        },
      });
      const token = await harness.token();
      const idle = await harness.raw();
      const idleClosed = once(idle, "close");
      const asked = harness.ask({
        path: "/user_query/v2/ip/192.0.2.50",
        headers: bearer(token),
        agent: new Agent({ keepAlive: true }),
      });
      await atGate;
      const stopped = harness.server.stop();
      expect(harness.server.health().state).toBe("off");
      await expect(harness.raw()).rejects.toThrow();
      release();
      const answer = await asked;
      expect([answer.status, answer.headers.connection]).toEqual([200, "close"]);
      await stopped;
      idle.destroy();
      await idleClosed;
      expect(harness.server.address).toBeNull();
    });

    test("stopping does not wait for ever", async () => {
      harness = await startHarness({
        engine,
        sourceFor: () => new Promise(() => undefined),
        limits: { stopBudgetMs: 100 },
      });
      const token = await harness.token();
      const asked = harness.ask({ path: "/user_query/v2/ip/192.0.2.50", headers: bearer(token) });
      const failed = expect(asked).rejects.toThrow();
      await expect.poll(() => harness.server.health().counters.connections).toBe(1);
      await harness.server.stop();
      await failed;
    });

    test("it can be started again, and stopped twice", async () => {
      harness = await startHarness({ engine });
      await harness.server.stop();
      await harness.server.stop();
      await harness.server.start();
      expect(harness.server.health().state).toBe("ok");
    });

    test("a table that cannot be reached is 503 with a time to come back", async () => {
      harness = await startHarness({
        engine,
        sourceFor: () => Promise.reject(new Error("replica is loading")),
      });
      const token = await harness.token();
      const answer = await harness.ask({ path: "/user_query/v2/ip/192.0.2.50", headers: bearer(token) });
      expect([answer.status, answer.reason, answer.headers["retry-after"]]).toEqual([
        503,
        "Service Unavailable",
        "5",
      ]);
    });
  });
});
