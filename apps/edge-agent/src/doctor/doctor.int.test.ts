import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { startEventServer } from "@rollcall/even6-server/event-server";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
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
