import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import path from "node:path";
import { withTempDir } from "@rollcall/testkit";
import { expect, it } from "vitest";
import { AgentProcess, freePorts, PlainFirewall, writeSite } from "./testing/agent-process.ts";
import { runAgent } from "./testing/cli-lab.ts";

const SETTINGS = `settings: { detection: { mode: "on" } }
filters:
  - { id: services, kind: principal-exclude, pattern: "^svc-" }
`;

function send(port: number, ...lines: string[]): Promise<void> {
  const socket = createSocket("udp4");
  return lines
    .reduce(
      (before, line) =>
        before.then(
          () => new Promise<void>((sent) => socket.send(`<13>${line}`, port, "127.0.0.1", () => sent())),
        ),
      Promise.resolve(),
    )
    .finally(() => socket.close());
}

it("an agent tells a person what was said of an address and what became of it, and names nobody at a shared host", () =>
  withTempDir(async (folder) => {
    const site = writeSite(folder, SETTINGS);
    const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), ["--config", site.file]);
    await agent.start();
    const caPem = readFileSync(path.join(folder, "state", "own-authority.pem"), "utf8");
    const firewall = new PlainFirewall(agent.ports.firewall, caPem, site);
    const ask = (...argv: string[]) =>
      runAgent([
        "--state-dir",
        agent.stateDir,
        ...argv,
        "--status-listen",
        `127.0.0.1:${agent.ports.status}`,
      ]);
    try {
      await firewall.logOn();
      const { syslog } = agent.ports;
      await send(syslog, "LOGIN user=ana ip=10.1.2.3", "LOGIN user=svc-backup ip=10.1.2.3");
      await send(syslog, "LOGIN user=b<e>n ip=10.1.2.3");
      await send(syslog, ...["ben", "cho", "dora"].map((user) => `LOGIN user=${user} ip=10.1.2.9`));
      await expect
        .poll(async () => JSON.parse((await ask("status", "-o", "json")).out).findings, { timeout: 10_000 })
        .toEqual([{ kind: "multi-user", acted: 1, suggested: 0 }]);

      const explained = JSON.parse((await ask("explain", "10.1.2.3", "--json")).out);
      const [entry] = explained.entries;
      expect(entry.answer).toBe("corp.example\\ana, by syslog:on (class A)");
      // The two that were kept back may be of the same millisecond: either may stand first.
      const lines: string[] = entry.lines.map(
        (line: { kind: string; law: string }) => `${line.kind} ${line.law}`,
      );
      expect(lines.toSorted()).toEqual(["accepted 2", "decision 3", "suppressed 12", "suppressed 14"]);
      const shared = await ask("explain", "10.1.2.9");
      expect(shared.out).toContain("nobody: the session was ended");
      expect(shared.out).toContain("corp.example\\dora, mark:multi-user");
      expect((await ask("who", "10.1.2.9", "--explain")).out).toContain("[law 9]");
      expect((await ask("explain", "10.1.2.3", "--space", "other")).out).toContain(
        "no source has ever spoken",
      );

      await firewall.poll();
      expect([...firewall.table]).toEqual([["10.1.2.3", "ana"]]);
    } finally {
      await firewall.close();
      await agent.stop();
    }
  }));
