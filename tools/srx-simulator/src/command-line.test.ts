import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommandLine } from "./command-line.ts";
import type { TableEntry } from "./firewall.ts";
import type { LoadReport } from "./load.ts";
import { makeSelfSigned } from "./testing/self-signed.ts";
import { aLogon, TinyServer } from "./testing/tiny-server.ts";

const tls = makeSelfSigned();
let server: TinyServer;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "srx-simulator-"));
  server = await TinyServer.start("one", tls);
  server.tell(aLogon({ ip: "10.0.0.10", user: "ana", groups: ["staff", "vpn"], device: "desk-7" }));
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const at = path.join(folder, name);
  writeFileSync(at, content);
  return at;
}

async function srx(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await runCommandLine(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    stopping: new AbortController().signal,
  });
  return { code, out, err };
}

const asFirewall = () => ["--url", server.url, "--client-id", "fw-a", "--client-secret", "right-secret"];

describe("srx run --once", () => {
  it("prints the table for a person", async () => {
    const ca = file("ca.pem", tls.certPem);
    const secret = file("secret", "right-secret\n");
    const { code, out } = await srx(
      ...["run", "--once", "--url", server.url, "--client-id", "fw-a"],
      ...["--client-secret-file", secret, "--ca", ca],
    );
    expect(code).toBe(0);
    expect(out.split("\n")).toEqual([
      "Address    State  User              Groups      Device  Source  Since (UTC)",
      "10.0.0.10  Valid  corp.example\\ana  staff, vpn  desk-7  test    2025-10-09 08:53:20",
      "1 entry",
      "",
    ]);
  });

  it("prints JSON for a program", async () => {
    const { out } = await srx("run", "--once", ...asFirewall(), "--insecure", "-o", "json");
    expect(JSON.parse(out)).toMatchObject([{ ip: "10.0.0.10", user: "ana", groups: ["staff", "vpn"] }]);
  });

  it("asks the secondary when the primary does not answer, and says so", async () => {
    const { code, out, err } = await srx(
      ...[
        "run",
        "--once",
        "--url",
        "https://127.0.0.1:1",
        "--client-id",
        "fw-a",
        "--client-secret",
        "right-secret",
      ],
      ...["--secondary-url", server.url, "--insecure", "-o", "ndjson"],
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ user: "ana" });
    expect(err).toContain("nothing listens at 127.0.0.1:1");
    expect(err).toContain(`failed over to the secondary ${server.url}`);
  });

  it("does not let what a server sends act on the terminal", async () => {
    server.tell(aLogon({ ip: "10.0.0.11", user: "\u001b[2Jben" }));
    const { out } = await srx("run", "--once", ...asFirewall(), "--insecure");
    expect(out).toContain("?[2Jben");
    expect(out).not.toContain("\u001b");
  });
});

describe("exit codes and messages", () => {
  it("3: wrong secret", async () => {
    const { code, err } = await srx(
      ...[
        "run",
        "--once",
        "--url",
        server.url,
        "--client-id",
        "fw-a",
        "--client-secret",
        "wrong",
        "--insecure",
      ],
    );
    expect(code).toBe(3);
    expect(err).toContain('the server refuses client "fw-a"');
    expect(err).toContain("remedy: Check client id and secret");
    expect(err.match(/remedy/g)).toHaveLength(1);
  });

  it("4: nobody listens", async () => {
    const { url } = server;
    await server.stop();
    const { code, err } = await srx(
      ...["ip", "10.0.0.10", "--url", url, "--client-id", "a", "--client-secret", "b"],
    );
    expect(code).toBe(4);
    expect(err).toContain("connection refused");
  });

  it("5: certificate not trusted", async () => {
    const { code, err } = await srx("run", "--once", ...asFirewall());
    expect(code).toBe(5);
    expect(err).toContain("--ca FILE");
  });

  it("6: an answer that cannot be used", async () => {
    server.instead("batch", { status: 503, body: "" });
    const { code, err } = await srx("run", "--once", ...asFirewall(), "--insecure");
    expect(code).toBe(6);
    expect(err).toContain("Service Unavailable (503)");
  });

  it.each([
    [["run"], "--url"],
    [["run", "--url", "ftp://x", "--client-id", "a"], "neither https:// nor http://"],
    [["run", "--url", "https://x:1/path", "--client-id", "a"], "has a path"],
    [["run", "--url", "https://x:1", "--client-id", "a"], "there is no client secret"],
    [
      ["run", "--url", "https://x:1", "--client-id", "a", "--client-secret-file", "/none"],
      "there is no such file",
    ],
    [["run", "--url", "https://x:1", "--client-id", "a", "--interval", "0"], "above 0"],
    [["run", "--url", "https://x:1", "--client-id", "a", "--control", "80"], "ADDRESS:PORT"],
    [["run", "--url", "https://x:1", "--client-id", "a", "--ca", "/a", "--insecure"], "cannot be used with"],
    [
      [
        "run",
        "--url",
        "https://x:1",
        "--client-id",
        "a",
        "--client-secret",
        "b",
        "--secondary-client-id",
        "c",
      ],
      "without --secondary-url",
    ],
    [["ip", "here", "--url", "https://x:1", "--client-id", "a", "--client-secret", "b"], "not an IP address"],
    [["fly"], "unknown command"],
  ])("2: wrong usage, %j", async (args, said) => {
    const { code, err } = await srx(...args);
    expect(err).toContain(said);
    expect(code).toBe(2);
  });

  it("2: a control port that is taken is named", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const at = holder.address();
    const port = typeof at === "object" && at ? at.port : 0;
    const { code, err } = await srx("run", ...asFirewall(), "--insecure", "--control", `127.0.0.1:${port}`);
    await new Promise((resolve) => holder.close(resolve));
    expect(code).toBe(2);
    expect(err).toContain(`port ${port} of 127.0.0.1 (--control) is taken`);
  });

  it("are in the help of each command", async () => {
    for (const command of [[], ["run"], ["ip"], ["load"]]) {
      const { code, out } = await srx(...command, "--help");
      expect(code).toBe(0);
      expect(out).toContain("Exit codes:");
    }
  });
});

describe("srx ip", () => {
  it("prints who is there, or that nobody is known", async () => {
    const known = await srx("ip", "10.0.0.10", ...asFirewall(), "--insecure", "-o", "json");
    expect(JSON.parse(known.out)).toMatchObject({ user: "ana" });
    const unknown = await srx("ip", "10.0.0.99", ...asFirewall(), "--insecure");
    expect(unknown).toMatchObject({ code: 0, out: "The server knows nobody at 10.0.0.99.\n" });
    const asJson = await srx("ip", "10.0.0.99", ...asFirewall(), "--insecure", "-o", "json");
    expect(asJson.out).toBe("null\n");
  });
});

describe("srx load", () => {
  it("prints one JSON line with what many firewalls saw", async () => {
    const { code, out } = await srx(
      ...[
        "load",
        ...asFirewall(),
        "--insecure",
        "--firewalls",
        "20",
        "--seconds",
        "0.5",
        "--interval",
        "0.05",
      ],
    );
    const report = JSON.parse(out) as LoadReport;
    expect(code).toBe(0);
    expect(out.trimEnd()).not.toContain("\n");
    expect(report).toMatchObject({ firewalls: 20, errors: 0, entries: 20, entriesPerFirewallMax: 1 });
    expect(report.polls).toBeGreaterThanOrEqual(20);
    expect(report.latencyMsP99).toBeGreaterThanOrEqual(report.latencyMsP50 ?? Number.NaN);
    expect(server.asked("token")).toHaveLength(1);
  });

  it("lets each firewall have its own token when told to", async () => {
    await srx(
      ...[
        "load",
        ...asFirewall(),
        "--insecure",
        "--firewalls",
        "5",
        "--seconds",
        "0.3",
        "--interval",
        "0.05",
      ],
      "--own-tokens",
    );
    expect(server.asked("token")).toHaveLength(5);
  });

  it("counts errors by kind, and ends with the code of the last when nothing was answered", async () => {
    const { url } = server;
    await server.stop();
    const { code, out } = await srx(
      ...[
        "load",
        "--url",
        url,
        "--client-id",
        "a",
        "--client-secret",
        "b",
        "--firewalls",
        "2",
        "--seconds",
        "0.3",
      ],
      ...["--interval", "0"],
    );
    const report = JSON.parse(out) as LoadReport;
    expect(code).toBe(4);
    expect(report).toMatchObject({ polls: 0, latencyMsP50: null });
    expect(report.errorsByKind.unreachable).toBe(report.errors);
  });
});

describe("the running program", () => {
  const program = path.join(import.meta.dirname, "main.ts");

  it.each(["SIGTERM", "SIGINT"] as const)(
    "serves its table to a test, and ends with code 0 on %s",
    async (signal) => {
      const secret = file("secret", "right-secret");
      chmodSync(secret, 0o600);
      const child = spawn(
        process.execPath,
        [
          ...[program, "run", "--url", server.url, "--client-id", "fw-a", "--client-secret-file", secret],
          ...["--insecure", "--interval", "0.05", "--control", "127.0.0.1:0", "-o", "ndjson"],
        ],
        { stdio: ["ignore", "pipe", "pipe"] },
      );
      try {
        const control = /control endpoint: (\S+)/;
        const base = (await textUntil(child.stderr, control)).match(control)?.[1];
        const line = await textUntil(child.stdout, /\n/);
        expect(JSON.parse(line)).toMatchObject({ change: "logon", ip: "10.0.0.10", user: "ana" });

        const table = (await (await fetch(`${base}/table`)).json()) as TableEntry[];
        expect(table).toMatchObject([
          { ip: "10.0.0.10", user: "ana", domain: "corp.example", state: "Valid" },
        ]);
        const health = await fetch(`${base}/health`);
        expect(health.status).toBe(200);
        expect(await health.json()).toMatchObject({ state: "online", active: "primary", entries: 1 });
        const counters = await (await fetch(`${base}/counters`)).json();
        expect(counters).toMatchObject({
          malformedBodies: 0,
          servers: [{ status: "Online", lastStatus: "OK (200)" }],
        });
        expect((await fetch(`${base}/else`)).status).toBe(404);
        expect((await fetch(`${base}/table`, { method: "POST" })).status).toBe(405);
      } finally {
        child.kill(signal);
      }
      expect(
        await new Promise((resolve) => child.once("close", (code, by) => resolve({ code, by }))),
      ).toEqual({
        code: 0,
        by: null,
      });
    },
  );
});

function textUntil(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stream.on("data", (part) => {
      text += String(part);
      if (pattern.test(text)) resolve(text);
    });
    stream.once("end", () => reject(new Error(`the program ended, having said: ${text}`)));
  });
}
