import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../scripts/services/free-port.ts";
import { Portal } from "./portal.ts";
import { Running, runToEnd } from "./process.ts";
import { type Ready, variant } from "./product.ts";
import { Firewall } from "./site.ts";
import { sendLines } from "./syslog-sender.ts";
import { Hopeless, until } from "./until.ts";

/** What a person meets who types `npm start`. */
const dir = mkdtempSync(path.join(tmpdir(), "rollcall-start-"));
const data = path.join(dir, "data");

async function start(...args: string[]): Promise<{ running: Running; ready: Ready; tookMs: number }> {
  const running = new Running(
    "npm start",
    "scripts/start.ts",
    ["--json", "--free-ports", "--data", data, ...args],
    {
      REDIS_URL: "",
    },
  );
  const { value, tookMs } = await until("npm start is ready", 420_000, () => {
    if (!running.isRunning) throw new Hopeless(running.lastWords());
    return running.stdout.includes("\n") ? running.stdout : null;
  });
  return { running, ready: JSON.parse(value) as Ready, tookMs };
}

/** Processes that were started here and still run. */
async function leftOver(): Promise<string> {
  const listed = await runToEnd("ps", "e2e/list-processes.ts", [data]);
  return listed.stdout.trim();
}

describe.skipIf(variant !== "postgres")("npm start", () => {
  let first: Awaited<ReturnType<typeof start>>;

  beforeAll(async () => {
    chmodSync(dir, 0o755);
    first = await start();
  });
  afterAll(async () => {
    await first?.running.stop("SIGINT");
    rmSync(dir, { recursive: true, force: true });
  });

  it("says what it does while it does it, and one JSON line at the end", () => {
    expect(first.running.stdout.trim().split("\n")).toHaveLength(1);
    expect(first.running.stderr).toContain("enrolling the demonstration agent");
    expect(first.ready).toMatchObject({
      portal: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      email: expect.stringContaining("@"),
      password: expect.any(String),
      agent: {
        firewall_url: expect.stringMatching(/^https:/),
        syslog_udp: expect.any(String),
        syslog_tcp: expect.any(String),
        status_url: expect.stringMatching(/^http:/),
      },
      gateway: { firewall_url: expect.stringMatching(/^https:/) },
      enforcement_point: { client_id: expect.any(String), client_secret: expect.any(String) },
    });
  });

  it("answers a firewall at the agent and at the cloud alike, over UDP and TCP syslog", async () => {
    const { agent, gateway, enforcement_point: point } = first.ready;
    if (!agent || !point) throw new Error("no demonstration");
    const address = (text: string) => {
      const at = text.lastIndexOf(":");
      return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
    };
    await sendLines(address(agent.syslog_udp), "udp", [
      "<134>vpn: login user=zoe domain=meridian.example ip=10.77.0.1",
    ]);
    await sendLines(address(agent.syslog_tcp), "tcp", [
      "<134>vpn: login user=yan domain=meridian.example ip=10.77.0.2",
    ]);
    for (const url of [agent.firewall_url, gateway.firewall_url]) {
      const firewall = await Firewall.start(url, point.client_id, point.client_secret, ["--insecure"]);
      await until(`both people at ${url}`, 10_000, async () => {
        const table = await firewall.table();
        return ["zoe", "yan"].every((user) =>
          table.some((line) => line.user === user && line.domain === "meridian.example"),
        );
      });
      await firewall.stop();
    }
  });

  it("refuses a firewall with a wrong secret, and says what to look at", async () => {
    const { agent, enforcement_point: point } = first.ready;
    const asked = await runToEnd("srx", "tools/srx-simulator/src/main.ts", [
      "run",
      "--once",
      "--insecure",
      "--url",
      agent?.firewall_url ?? "",
      "--client-id",
      point?.client_id ?? "",
      "--client-secret",
      "not-the-secret",
    ]);
    expect(asked.code).toBe(3);
    expect(asked.stderr).toMatch(/secret/i);
  });

  it("does not start twice on the same data", async () => {
    const second = await runToEnd("npm start", "scripts/start.ts", ["--free-ports", "--data", data]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/already runs on this data \(pid \d+\)/);
  });

  it("names who holds a taken port, and starts nothing", async () => {
    const port = await freePort();
    const holder = createServer().listen(port, "127.0.0.1");
    const other = path.join(dir, "other");
    const refused = await runToEnd("npm start", "scripts/start.ts", [
      "--free-ports",
      "--web",
      `127.0.0.1:${port}`,
      "--data",
      other,
    ]);
    holder.close();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`127.0.0.1:${port} (tcp) for the portal is taken by`);
    expect(refused.stderr).toContain("--web");
  });

  it("says in one sentence that it cannot keep data where it is told to", async () => {
    for (const nowhere of ["/dev/null/rollcall", "/proc/rollcall"]) {
      const refused = await runToEnd("npm start", "scripts/start.ts", ["--free-ports", "--data", nowhere]);
      expect(refused.code).toBe(1);
      expect(refused.stderr.trim().split("\n")).toHaveLength(1);
      expect(refused.stderr).toContain("--data");
    }
  });

  it("stops everything it started on Ctrl-C, keeps the data, and is quick the next time", async () => {
    const before = first.ready;
    expect(await first.running.stop("SIGINT")).toBe(0);
    expect(await leftOver()).toBe("");
    const again = await start();
    // Stopped after the tests, whatever they say.
    first = again;
    expect(again.ready.password).toBe(before.password);
    expect(again.ready.enforcement_point).toEqual(before.enforcement_point);
    const portal = new Portal(again.ready.portal);
    await portal.signIn(again.ready.email, again.ready.password);
    const page = await portal.query<{ items: { ip: string }[] }>("sessions.search", {
      customer: "meridian",
      q: "zoe",
    });
    expect(page.items.map((row) => row.ip)).toEqual(["10.77.0.1"]);
    console.log(`second start: ${Math.round(again.tookMs / 1000)} s`);
    expect(await again.running.stop("SIGINT")).toBe(0);
    expect(await leftOver()).toBe("");
  });
});
