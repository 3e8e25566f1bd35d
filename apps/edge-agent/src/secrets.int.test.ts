import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "node:querystring";
import { makeChosenSecretVerifier, newClientSecret } from "@rollcall/pki";
import { withTempDir } from "@rollcall/testkit";
import { Agent, request } from "undici";
import { expect, it } from "vitest";
import { AgentProcess, freePorts, PlainFirewall, writeSite } from "./testing/agent-process.ts";

const CHOSEN = "correct-Horse7!battery";

it("keeps no secret and no token: not in its folder, not in its log, in no spelling", () =>
  withTempDir(async (folder) => {
    const site = writeSite(folder);
    const file = path.join(folder, "site.yaml");
    const verifier = await makeChosenSecretVerifier(CHOSEN);
    writeFileSync(file, readFileSync(file, "utf8").replace('verifiers: ["', `verifiers: ["${verifier}", "`));
    const state = path.join(folder, "state");
    const agent = new AgentProcess(state, await freePorts(), ["--config", file, "--log-level", "debug"]);
    await agent.start();
    const caPem = readFileSync(path.join(state, "own-authority.pem"), "utf8");
    const wrong = newClientSecret();
    const tokens: string[] = [];
    const client = new Agent({ connect: { ca: caPem } });
    const send = (url: string, options: object) =>
      request(`https://127.0.0.1:${agent.ports.firewall}${url}`, { dispatcher: client, ...options }).then(
        async ({ statusCode, body }) => ({ statusCode, text: await body.text() }),
      );
    try {
      for (const secret of [site.secret, CHOSEN, wrong]) {
        const form = stringify({ client_id: site.clientId, client_secret: secret });
        const asked = await send("/oauth_token/oauth", {
          method: "POST",
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: form,
        });
        expect([secret === wrong, asked.statusCode]).toEqual([
          secret === wrong,
          secret === wrong ? 401 : 200,
        ]);
        const token = /"access_token":"([^"]+)"/.exec(asked.text)?.[1];
        if (token !== undefined) tokens.push(token);
        await send(`/oauth_token/oauth?${form}`, { method: "GET" });
        await send(`/somewhere/else?${form}`, { method: "GET" });
        await send("/oauth_token/oauth", {
          method: "GET",
          headers: { authorization: `Basic ${btoa(`${site.clientId}:${secret}`)}` },
        });
        await send(`/unknown/shape?token=${token ?? ""}`, { headers: { authorization: `Bearer ${token}` } });
      }
      const firewall = new PlainFirewall(agent.ports.firewall, caPem, site);
      expect([await firewall.logOn(), await firewall.poll()]).toEqual([200, 200]);
      await firewall.close();
    } finally {
      await client.close();
      await agent.stop();
    }
    const kept = `${contentOf(state)}\n${agent.log}\n${agent.out}`;
    // That this would find something where there is something to find.
    for (const seen of ["token issued to a firewall", "SQLite format 3", "wrong secret"])
      expect([seen, kept.includes(seen)]).toEqual([seen, true]);
    expect(tokens).toHaveLength(2);
    for (const secret of [site.secret, CHOSEN, wrong, ...tokens])
      for (const spelling of spellings(secret)) expect(kept.includes(spelling), spelling).toBe(false);
  }));

function contentOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => readFileSync(path.join(item.parentPath, item.name), "latin1"))
    .join("\n");
}

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    bytes.toString("hex"),
    Buffer.from(secret, "utf16le").toString("latin1"),
  ];
}
