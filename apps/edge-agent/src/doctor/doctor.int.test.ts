import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { startEventServer } from "@rollcall/even6-server/event-server";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { openStore } from "../state/open-store.ts";
import { AgentProcess, freePorts, writeSite } from "../testing/agent-process.ts";
import { runAgent } from "../testing/cli-lab.ts";
import { type DoctorDocument, doctorDocument } from "./doctor-document.ts";

interface Lab {
  readonly server: Awaited<ReturnType<typeof startEventServer>>;
  readonly folder: string;
  readonly file: string;
}

function withLab(work: (lab: Lab) => Promise<void>, read = "kind: domain-controller"): Promise<void> {
  return withTempDir(async (folder) => {
    const server = await startEventServer({
      computer: "dc1.corp.example",
      channels: ["Security", "System", "ForwardedEvents"],
      accounts: [
        { user: "reader", password: "right" },
        { user: "blind", password: "right", mayRead: false },
      ],
      moulds: [],
      domain: "CORP",
    });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "password"), "right", { mode: 0o600 });
    const source = `${read}, host: 127.0.0.1, addressSpaceId: main, endpointMapperPort: ${server.mapperPort}`;
    const site = writeSite(
      folder,
      `credentials:
  - { id: reader, name: Reader, user: 'CORP\\reader', password: { file: password }, allowNtlm: true }
  - { id: blind, name: Blind, user: 'CORP\\blind', password: { file: password }, allowNtlm: true }
eventSources:
  - { id: dc1, name: DC 1, credentialId: reader, ${source} }
  - { id: dc2, name: DC 2, credentialId: blind, ${source} }
`,
    );
    try {
      await work({ server, folder, file: site.file });
    } finally {
      await server.stop();
    }
  });
}

/** So many tickets, and nothing else: the audit policy has a gap. */
function fill(server: Lab["server"], count: number): void {
  for (let index = 0; index < count; index += 1)
    server.addPlain("Security", {
      provider: "Microsoft-Windows-Security-Auditing",
      eventId: 4768,
      data: { TargetUserName: "ana", IpAddress: "::ffff:10.1.1.1", Status: "0x0" },
    });
}

function checksOf(document: DoctorDocument, id: string) {
  const section = document.sections.find((one) => one.id === id);
  return new Map(section?.checks.map((check) => [check.name, check]));
}

describe("rollcall-agent doctor", () => {
  it("examines a file before an agent runs with it: what works, what is missing, and the line that mends it", () =>
    withLab(async ({ server, file }) => {
      fill(server, 60);
      server.addPlain("System", { provider: "Microsoft-Windows-DistributedCOM", eventId: 10036 });
      const run = await runAgent(["doctor", "--config", file, "--json"]);
      expect(run.code).toBe(4);
      const document = doctorDocument.parse(JSON.parse(run.out));
      const dc1 = checksOf(document, "dc1");
      expect([...dc1.values()].every(({ ok }) => ok)).toBe(true);
      expect(dc1.get("Audit policy")?.remedy).toContain(
        'auditpol /set /subcategory:"{0CCE9215-69AE-11D9-BED3-505054503030}" /success:enable',
      );
      expect(dc1.get("DCOM")?.detail).toContain("10036");
      expect(dc1.get("Login")?.remedy).toContain("Kerberos");
      const dc2 = [...checksOf(document, "dc2").values()].at(-1);
      expect(dc2).toMatchObject({
        name: "Log",
        ok: false,
        remedy: expect.stringContaining("Event Log Readers"),
      });
      expect(checksOf(document, "vpn").get("Listener")?.ok).toBe(true);
      expect(server.logins).toEqual({ accepted: 2, refused: 0 });
    }));

  it("suggests the log that is there where another is asked for", () =>
    withLab(async ({ server, file }) => {
      const run = await runAgent(["doctor", "--config", file, "--source", "dc1"]);
      expect(run.err).toBe("");
      expect(run.out).toContain("→ write the path as 127.0.0.1 has it: ForwardedEvents, Security");
      expect(run.code).toBe(4);
      expect(server.logins.accepted).toBe(1);
    }, "kind: event-collector, channelPath: ForwardEvents"));

  it("asks the agent that runs", () =>
    withLab(async ({ server, folder, file }) => {
      fill(server, 1);
      const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), ["--config", file]);
      try {
        await agent.start();
        const ask = ["doctor", "--source", "dc1", "--status-listen", `127.0.0.1:${agent.ports.status}`];
        const run = await runAgent([...ask, "--state-dir", path.join(folder, "state")]);
        expect(run.out).toContain("DC 1 (event-log dc1)");
        expect(run.code).toBe(0);
        const none = await runAgent([
          ...ask.slice(0, 2),
          "nope",
          ...ask.slice(3),
          "--state-dir",
          path.join(folder, "state"),
        ]);
        expect(none.code).toBe(2);
        expect(none.err).toContain('There is no source "nope" here.');
      } finally {
        await agent.stop();
      }
    }));

  it("says what to do where no agent runs", async () => {
    await withTempDir(async (folder) => {
      const run = await runAgent(["doctor", "--state-dir", folder]);
      expect([run.code, run.err]).toEqual([
        6,
        expect.stringContaining(
          "To examine a file without an agent that runs: rollcall-agent doctor --config FILE.",
        ),
      ]);
    });
  });
});

describe("a wrong password and rollcall-agent doctor --config", () => {
  const type = (folder: string, password: string): void =>
    writeFileSync(path.join(folder, "password"), password, { mode: 0o600 });
  /** What it says of the logins, and of the log-on of the first source. */
  async function examine(file: string, stateDir: string, more: readonly string[] = []) {
    const run = await runAgent(["doctor", "--config", file, "--json", "--state-dir", stateDir, ...more]);
    const document = doctorDocument.parse(JSON.parse(run.out));
    const login = checksOf(document, "dc1").get("Login");
    return { code: run.code, logins: checksOf(document, "machine").get("Logins"), login };
  }
  /** A state folder of an agent that ran here once. */
  function makeState(folder: string): string {
    const stateDir = path.join(folder, "state");
    mkdirSync(stateDir, { mode: 0o700 });
    openStore(path.join(stateDir, "store.db"), Date.now()).store.close();
    return stateDir;
  }
  /** Two sources, one account. */
  const alike = (file: string): void =>
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("credentialId: blind", "credentialId: reader"));

  it("where no agent was, is tried once over all sources, and it says so", () =>
    withLab(async ({ server, folder, file }) => {
      alike(file);
      type(folder, "wrong");
      const { code, logins } = await examine(file, path.join(folder, "nowhere"));
      expect(code).toBe(4);
      expect(logins?.detail).toContain(
        "nothing is known of refusals before: a login that fails is tried once",
      );
      expect(server.logins).toEqual({ accepted: 0, refused: 1 });
    }));

  it("is tried twice over any number of examinations and the agent that is started after them", () =>
    withLab(async ({ server, folder, file }) => {
      alike(file);
      type(folder, "wrong");
      const stateDir = makeState(folder);
      for (const _ of [1, 2, 3]) await examine(file, stateDir);
      const { login, logins } = await examine(file, stateDir);
      expect(logins).toMatchObject({ ok: true, detail: expect.stringContaining("in its store") });
      expect(login).toMatchObject({ ok: false, detail: expect.stringContaining("Refused twice in a row") });
      const agent = new AgentProcess(stateDir, await freePorts(), ["--config", file]);
      try {
        await agent.start();
        await agent.logged(/login is paused/);
        expect((await agent.status()).credentials[0]).toMatchObject({ state: "paused", failures: 0 });
      } finally {
        await agent.stop();
      }
      expect(server.logins).toEqual({ accepted: 0, refused: 2 });
    }));

  it("is asked about at the agent that runs, which then counts it as its own", () =>
    withLab(async ({ server, folder, file }) => {
      alike(file);
      const stateDir = path.join(folder, "state");
      const agent = new AgentProcess(stateDir, await freePorts(), ["--config", file]);
      try {
        await agent.start();
        const wrong = path.join(folder, "other", "site.yaml");
        mkdirSync(path.dirname(wrong));
        writeFileSync(wrong, readFileSync(file, "utf8"));
        type(path.dirname(wrong), "wrong");
        const status = ["--status-listen", `127.0.0.1:${agent.ports.status}`];
        for (const _ of [1, 2]) await examine(wrong, stateDir, status);
        const { login, logins } = await examine(wrong, stateDir, status);
        expect(logins?.detail).toContain("by the agent that runs with it");
        expect(login?.detail).toContain("Refused twice in a row");
        expect(server.logins.refused).toBe(2);
        // The same password where the agent looks for it is not shown a third time.
        type(folder, "wrong");
        server.dropConnections();
        await agent.logged(/login is paused/, 30_000);
        expect(server.logins.refused).toBe(2);
      } finally {
        await agent.stop();
      }
    }));

  it("is not tried again by an agent that has paused it, however often it is asked to examine its sources", () =>
    withLab(async ({ server, folder, file }) => {
      alike(file);
      type(folder, "wrong");
      const stateDir = path.join(folder, "state");
      const agent = new AgentProcess(stateDir, await freePorts(), ["--config", file]);
      try {
        await agent.start();
        const ask = ["--state-dir", stateDir, "--status-listen", `127.0.0.1:${agent.ports.status}`];
        for (const _ of [1, 2, 3]) await runAgent(["doctor", ...ask]);
        await agent.logged(/login is paused/, 30_000);
        const run = await runAgent(["doctor", "--source", "dc1", ...ask]);
        expect(run.out).toContain("Refused twice in a row");
        expect(server.logins).toEqual({ accepted: 0, refused: 2 });
      } finally {
        await agent.stop();
      }
    }));

  it("is not tried where an agent has the store and does not answer, nor where the store cannot be read", () =>
    withLab(async ({ server, folder, file }) => {
      type(folder, "wrong");
      const stateDir = makeState(folder);
      const store = path.join(stateDir, "store.db");
      const taken = openStore(store, Date.now()).store;
      const silent = await examine(file, stateDir, [
        "--status-listen",
        `127.0.0.1:${(await freePorts()).status}`,
      ]);
      taken.close();
      writeFileSync(store, "garbage".repeat(2000));
      const spoilt = await examine(file, stateDir);
      for (const { code, logins, login } of [silent, spoilt]) {
        expect(code).toBe(4);
        expect(logins).toMatchObject({
          ok: false,
          detail: expect.stringMatching(/^No login is tried, because/),
        });
        expect(login?.ok).toBe(false);
      }
      expect(readFileSync(store, "utf8")).toContain("garbage");
      expect(server.logins).toEqual({ accepted: 0, refused: 0 });
    }));

  it("does not keep the right one from being tried at each source, and is forgotten by it", () =>
    withLab(async ({ server, folder, file }) => {
      alike(file);
      const stateDir = makeState(folder);
      for (const _ of [1, 2, 3]) expect((await examine(file, stateDir)).login?.ok).toBe(true);
      expect(server.logins).toEqual({ accepted: 6, refused: 0 });
    }));
});
