import { writeFileSync } from "node:fs";
import path from "node:path";
import { FakeDirectory } from "@rollcall/collectors/directory/testing";
import { startEventServer } from "@rollcall/even6-server/event-server";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess, freePorts, writeSite } from "./testing/agent-process.ts";
import { runAgent } from "./testing/cli-lab.ts";

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within 40 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An agent at a site, with a password file; killed when the test ends. */
async function anAgent(folder: string, parts: string): Promise<AgentProcess> {
  const site = writeSite(folder, parts);
  const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), ["--config", site.file]);
  onTestFinished(() => agent.kill());
  return agent;
}

function type(folder: string, password: string): void {
  writeFileSync(path.join(folder, "password"), password, { mode: 0o600 });
}

const loginOf = async (agent: AgentProcess) => (await agent.status()).credentials[0];
const isPaused = async (agent: AgentProcess): Promise<boolean> => (await loginOf(agent))?.state === "paused";

const resume = (agent: AgentProcess) =>
  runAgent([
    ...["--state-dir", agent.stateDir, "credentials", "resume", "reader"],
    ...["--status-listen", `127.0.0.1:${agent.ports.status}`],
  ]);

describe("an agent that is killed again and again", () => {
  it("shows a wrong password twice in all its lives, once more when a person resumes it, and goes on with the right one", () =>
    withTempDir(async (folder) => {
      const server = await startEventServer({
        computer: "dc1.corp.example",
        channels: ["Security"],
        accounts: [{ user: "reader", password: "right" }],
        moulds: [],
        domain: "CORP",
      });
      onTestFinished(() => server.stop());
      type(folder, "wrong");
      const agent = await anAgent(
        folder,
        `credentials:
  - { id: reader, name: Reader, user: 'CORP\\reader', password: { file: password }, allowNtlm: true }
eventSources:
${["dc1", "dc2", "dc3"]
  .map(
    (id) =>
      `  - { id: ${id}, name: ${id}, kind: domain-controller, host: 127.0.0.1, addressSpaceId: main, credentialId: reader, endpointMapperPort: ${server.mapperPort} }`,
  )
  .join("\n")}
`,
      );
      for (let life = 1; life <= 6; life += 1) {
        await agent.start();
        const before = server.logins.refused;
        // Killed at the very refusal: whether it could be noted or not, it counts.
        await until(
          "it was refused, or is not tried",
          async () => server.logins.refused > before || (await isPaused(agent)),
        );
        await agent.kill();
      }
      const refused = server.logins.refused;
      expect(refused).toBeLessThanOrEqual(2);

      await agent.start();
      await until("it is paused in its seventh life", () => isPaused(agent));
      expect((await resume(agent)).out).toContain("is tried once more");
      await until("the person was mistaken", () => server.logins.refused === refused + 1);
      await agent.kill();
      await agent.start();
      await until("it is paused again", () => isPaused(agent));
      expect(server.logins).toEqual({ accepted: 0, refused: refused + 1 });

      type(folder, "right");
      await until(
        "the right password is found by itself",
        async () => (await loginOf(agent))?.state === "ok",
      );
      expect(server.logins.refused).toBe(refused + 1);
    }));

  it("while a server still thinks about a password has shown it twice, and waits for half an hour or for a person", () =>
    withTempDir(async (folder) => {
      const directory = new FakeDirectory();
      directory.passwords = "left";
      await directory.open();
      onTestFinished(() => directory.close());
      type(folder, "right");
      const agent = await anAgent(
        folder,
        `credentials:
  - { id: reader, name: Reader, user: reader@corp.example, password: { file: password } }
directories:
  - { id: corp, name: Corp, host: 127.0.0.1, port: ${directory.port}, tls: none, credentialId: reader }
`,
      );
      for (const shown of [1, 2]) {
        await agent.start();
        await until("the server has it", () => directory.binds === shown);
        await agent.kill();
      }
      await agent.start();
      await until("it is held back", () => isPaused(agent));
      expect((await loginOf(agent))?.sentence).toMatch(
        /^Held back, .*\(the agent ended while it was tried\)/,
      );
      expect(directory.binds).toBe(2);

      directory.passwords = "answered";
      await resume(agent);
      await until("it is let in", async () => (await loginOf(agent))?.state === "ok");
      expect(directory.binds).toBe(3);
    }));
});
