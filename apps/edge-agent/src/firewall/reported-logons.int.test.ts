import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Firewall } from "@rollcall/srx-simulator/firewall";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { AgentProcess, freePorts, writeSite } from "../testing/agent-process.ts";

const OWN_PROFILE = `profiles:
  - id: ours
    name: Ours
    document:
      body:
        kind: xml
        listKey: userfw-entries
        itemKey: userfw-entry
        timeAs: iso
        fields:
          - { of: source, as: [source] }
          - { of: time, as: [timestamp] }
          - { of: operation, as: [operation] }
          - { of: ip, as: [IP] }
          - { of: user, as: [user] }
`;

/** A real agent by itself; `point` is added to its firewall's lines. */
async function withAgent(
  point: string,
  work: (lab: { agent: AgentProcess; firewall: Firewall }) => Promise<void>,
): Promise<void> {
  await withTempDir(async (folder) => {
    const site = writeSite(folder, OWN_PROFILE);
    const text = readFileSync(site.file, "utf8");
    writeFileSync(site.file, text.replace("addressSpaceIds: [main],", `addressSpaceIds: [main], ${point},`));
    const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), ["--config", site.file]);
    await agent.start();
    const firewall = new Firewall({
      primary: {
        url: `https://127.0.0.1:${agent.ports.firewall}`,
        clientId: site.clientId,
        clientSecret: site.secret,
        ca: readFileSync(path.join(folder, "state", "own-authority.pem"), "utf8"),
        profile: point.includes("profile") ? "xml" : "json",
      },
    });
    try {
      await work({ agent, firewall });
    } finally {
      await firewall.stop();
      await agent.stop();
    }
  });
}

describe("a captive portal's logon", () => {
  it("names its person at once and outlives a power cut that comes right after the answer", () =>
    withAgent(`mayReport: ["10.90.0.0/16"]`, async ({ agent, firewall }) => {
      const carol = { address: "10.90.0.1", user: "CORP\\carol", as: "form" } as const;
      expect(await firewall.push(carol)).toMatchObject({ kind: "known", entry: { user: "carol" } });
      await agent.kill();
      await agent.start();
      await firewall.poll();
      expect(firewall.entry("10.90.0.1")).toMatchObject({ user: "carol", source: "Rollcall SRX push" });

      expect(await firewall.push({ ...carol, state: "disconnect" })).toMatchObject({ kind: "unknown" });
      await firewall.poll();
      expect(firewall.entry("10.90.0.1")?.user ?? "").toBe("");
    }));

  it("is refused for an address the firewall may not report for, and its page says so", () =>
    withAgent(`mayReport: ["10.90.0.0/16"]`, async ({ agent, firewall }) => {
      expect(await firewall.push({ address: "10.20.0.1", user: "mallory", as: "query" })).toMatchObject({
        kind: "unknown",
      });
      const { firewalls, people } = await agent.status();
      expect(people.addresses).toBe(0);
      expect(firewalls[0]?.lastRefusal).toContain("10.20.0.1, for which it may not report");
    }));
});

describe("a profile of the customer's own", () => {
  it("answers the firewall that names it", () =>
    withAgent(`mayReport: ["10.90.0.0/16"], profile: ours`, async ({ firewall }) => {
      await firewall.push({ address: "10.90.0.1", user: "carol", as: "query" });
      expect(await firewall.poll()).toMatchObject({ kind: "answered", reports: 1 });
      expect(firewall.table()).toMatchObject([{ ip: "10.90.0.1", user: "carol" }]);
    }));
});
