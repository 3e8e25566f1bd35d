import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { modeOf, runCommandLine } from "./command-line.ts";

describe("webapi-server on the command line", () => {
  it("takes posts, can be switched and looked at, and prints its table when it stops", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "webapi-"));
    const passwordFile = path.join(folder, "password");
    writeFileSync(passwordFile, "p\n");
    const stopping = new AbortController();
    const said: string[] = [];
    const printed: string[] = [];
    const running = runCommandLine(
      ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--user", "u", "--password-file", passwordFile],
      { out: (text) => printed.push(text), err: (text) => said.push(text), stopping: stopping.signal },
    );
    await expect.poll(() => said.length).toBe(2);
    const [url, control] = said.map((line) => /http:\/\/\S+/.exec(line)?.[0] ?? "");
    const post = async () =>
      (
        await fetch(`${url}/api/userfw/v1/post-entry`, {
          method: "POST",
          headers: {
            "Content-Type": "application/xml",
            Authorization: `Basic ${Buffer.from("u:p").toString("base64")}`,
          },
          body: "<userfw-entries><userfw-entry><source>s</source><timestamp>2025-10-09T08:53:20Z</timestamp><operation>logon</operation><IP>2001:db8::1</IP><user>ANA</user></userfw-entry></userfw-entries>",
        })
      ).status;
    const busy = await fetch(`${control}/mode`, { method: "POST", body: "busy=7" });
    expect(await busy.json()).toEqual({ kind: "busy", retryAfterSeconds: 7 });
    expect(await post()).toBe(503);
    await fetch(`${control}/mode`, { method: "POST", body: "ok" });
    expect(await post()).toBe(200);
    expect(await (await fetch(`${control}/table`)).json()).toMatchObject([{ user: "ana", domain: "global" }]);
    stopping.abort();
    expect(await running).toBe(0);
    expect(JSON.parse(printed.join(""))).toMatchObject([{ ip: "2001:db8::1" }]);
    rmSync(folder, { recursive: true });
  });

  it("explains itself, and a wrong usage is exit code 2", async () => {
    const printed: string[] = [];
    const surroundings = {
      out: (text: string) => printed.push(text),
      err: () => undefined,
      stopping: AbortSignal.abort(),
    };
    expect(await runCommandLine(["--help"], surroundings)).toBe(0);
    expect(printed.join("")).toContain("--xmllint");
    expect(await runCommandLine(["--listen", "nowhere"], surroundings)).toBe(2);
    expect(() => modeOf("slow")).toThrow();
  });
});
