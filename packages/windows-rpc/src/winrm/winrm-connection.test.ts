import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { promisify } from "node:util";
import { freePort, withTempDir } from "@rollcall/testkit";
import { startWinrm, type WinrmListener } from "@rollcall/wmi-server/winrm-listener";
import { describe, expect, it } from "vitest";
import { createNtlmContext } from "../ntlm/index.ts";
import { openWinrm, type WinrmTarget } from "./winrm-connection.ts";

const run = promisify(execFile);
const NAME = "pc-1.corp.example";
const QUESTION =
  '<s:Envelope xmlns:w="w"><w:Filter Dialect="d">SELECT UserName FROM Win32_ComputerSystem</w:Filter></s:Envelope>';

/** A certificate for the name, by openssl. */
async function certificateFor(folder: string): Promise<{ certPem: string; keyPem: string }> {
  const at = (file: string) => path.join(folder, file);
  const made = ["-keyout", at("key.pem"), "-out", at("cert.pem"), "-days", "2", "-nodes"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const names = ["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`];
  await run("openssl", ["req", "-x509", ...kind, ...made, ...names]);
  return { certPem: readFileSync(at("cert.pem"), "utf8"), keyPem: readFileSync(at("key.pem"), "utf8") };
}

async function withListener(
  tls: { readonly certPem: string; readonly keyPem: string } | undefined,
  work: (listener: WinrmListener, target: (parts?: Partial<WinrmTarget>) => WinrmTarget) => Promise<void>,
): Promise<void> {
  const listener = await startWinrm({
    host: "127.0.0.1",
    port: 0,
    computer: { name: "PC-1", domain: null, seats: { console: "CORP\\ana", remote: [] } },
    accounts: [{ user: "reader", password: "right" }],
    denied: [],
    logins: [],
    ...(tls === undefined ? {} : { tls }),
  });
  try {
    await work(listener, (parts = {}) => ({
      host: "127.0.0.1",
      port: listener.port,
      tls: null,
      context: createNtlmContext({ user: "reader", domain: "CORP", password: "right" }),
      timeoutMs: 5000,
      signal: AbortSignal.timeout(10_000),
      ...parts,
    }));
  } finally {
    await listener.close();
  }
}

describe("WinRM", () => {
  it("asks by HTTPS at an address, where the certificate is good for the computer's name", () =>
    withTempDir(async (folder) => {
      const tls = await certificateFor(folder);
      await withListener(tls, async (_, target) => {
        const caPem = tls.certPem;
        const connection = await openWinrm(target({ tls: { serverName: NAME, caPem } }));
        expect(await connection.post(QUESTION)).toContain("<p:UserName>CORP\\ana</p:UserName>");
        connection.close();
      });
    }));

  it("shows no login to whoever has no certificate for that name, or one that nobody signed", () =>
    withTempDir(async (folder) => {
      const tls = await certificateFor(folder);
      await withListener(tls, async (_, target) => {
        for (const wrong of [{ serverName: "pc-2.corp.example", caPem: tls.certPem }, { serverName: NAME }])
          await expect(openWinrm(target({ tls: wrong }))).rejects.toMatchObject({ failure: "unreachable" });
      });
    }));

  it("says that a wrong password was not taken, and that nobody listens", () =>
    withListener(undefined, async (_, target) => {
      const context = createNtlmContext({ user: "reader", domain: "CORP", password: "wrong" });
      await expect(openWinrm(target({ context }))).rejects.toMatchObject({ failure: "refused" });
      const port = await freePort();
      await expect(openWinrm(target({ port }))).rejects.toMatchObject({ failure: "unreachable" });
    }));

  it("believes no answer in clear where messages are encrypted", () =>
    withListener(undefined, async (listener, target) => {
      const connection = await openWinrm(target());
      await listener.close();
      const liar = createServer((_request, response) => {
        response.writeHead(200, { "content-type": "application/soap+xml" });
        response.end("<p:UserName>CORP\\mallory</p:UserName>");
      });
      await new Promise<void>((resolve) => liar.listen(listener.port, "127.0.0.1", resolve));
      // The first may still meet the end of the connection that the listener closed.
      await connection.post(QUESTION).catch(() => undefined);
      await expect(connection.post(QUESTION)).rejects.toThrow("did not encrypt");
      connection.close();
      await new Promise((resolve) => liar.close(resolve));
    }));
});
