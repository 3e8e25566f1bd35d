import { once } from "node:events";
import { connect } from "node:net";
import path from "node:path";
import { stringify } from "node:querystring";
import { freePort, withTempDir } from "@rollcall/testkit";
import { request } from "undici";
import { describe, expect, it } from "vitest";
import { AgentProcess, freePorts, writeSite } from "../testing/agent-process.ts";
import { runAgent } from "../testing/cli-lab.ts";

describe("an agent with a plain listener", () => {
  it("answers a listed firewall over HTTP as it does over TLS, shows it, and closes all others", () =>
    withTempDir(async (folder) => {
      const site = writeSite(folder);
      const port = await freePort();
      const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), [
        "--config",
        site.file,
        "--plain-firewall-listen",
        `127.0.0.1:${port}`,
        "--plain-firewall-from",
        "127.0.0.3",
        "--plain-firewall-from",
        "127.0.0.1",
      ]);
      await agent.start();
      try {
        const granted = await request(`http://127.0.0.1:${port}/oauth_token/oauth`, {
          method: "POST",
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: stringify({
            grant_type: "client_credentials",
            client_id: site.clientId,
            client_secret: site.secret,
          }),
        });
        expect(granted.statusCode).toBe(200);
        const { access_token } = (await granted.body.json()) as { access_token: string };
        const batch = await request(
          `http://127.0.0.1:${port}/user_query/v2/users/endpoints?begintime=0&entry_count=200`,
          {
            headers: { authorization: `Bearer ${access_token}` },
          },
        );
        expect(batch.statusCode).toBe(200);
        expect(await batch.body.json()).toMatchObject({ report_entries: [] });

        const stranger = connect({ host: "127.0.0.1", port, localAddress: "127.0.0.4" });
        stranger.on("error", () => undefined);
        await once(stranger, "close");
        expect(stranger.bytesRead).toBe(0);

        const status = await agent.status();
        expect(status.listeners.find(({ name }) => name === "firewalls, PLAIN")).toMatchObject({
          state: "degraded",
          address: `127.0.0.1:${port}`,
        });
        expect([status.state, status.sentence]).toEqual([
          "degraded",
          "firewalls may ask without TLS for an hour: nothing is encrypted",
        ]);
        expect(status.firewalls[0]).toMatchObject({ tokens: 1, batches: 1 });
        await agent.logged(/PLAIN HTTP for firewalls is open/);
      } finally {
        await agent.stop();
      }
    }));

  it("does not start with a prefix, or without firewalls", () =>
    withTempDir(async (folder) => {
      const site = writeSite(folder);
      const run = (...more: string[]) =>
        runAgent([
          "--state-dir",
          path.join(folder, "s"),
          "run",
          "--config",
          site.file,
          "--plain-firewall-listen",
          "127.0.0.1:0",
          ...more,
        ]);
      expect(await run("--plain-firewall-from", "127.0.0.0/8")).toMatchObject({ code: 2 });
      expect(await run("--plain-firewall-from", "127.0.0.1", "--firewall-listen", "off")).toMatchObject({
        code: 2,
      });
    }));
});
