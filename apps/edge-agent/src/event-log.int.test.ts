import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FakeDirectory } from "@rollcall/collectors/directory/testing";
import { type EventServer, startEventServer } from "@rollcall/even6-server/event-server";
import { readMoulds } from "@rollcall/even6-server/moulds";
import { withTempDir } from "@rollcall/testkit";
import { request } from "undici";
import { describe, expect, it } from "vitest";
import { AgentProcess, freePorts, PlainFirewall, writeSite } from "./testing/agent-process.ts";
import { runAgent } from "./testing/cli-lab.ts";
import { eventually } from "./testing/uplink-lab.ts";

/** Real records of a domain controller, in whose form the test's records are written. */
const FILE = path.resolve(
  import.meta.dirname,
  "../../../../shared/data/evtx/cc0-evtx-to-mitre/ID47x_4661-4662_5136_4688_4697-SAM_the_admin_CVE-2021-42287_.evtx",
);
/** Real records of a workstation: interactive logons and logoffs. */
const WORKSTATION = path.resolve(
  import.meta.dirname,
  "../../../../shared/data/evtx/mit-ts-evtx/Security.evtx",
);
const isHere = existsSync(FILE) && existsSync(WORKSTATION);
if (!isHere) console.log(`event-log.int.test.ts skips: there is no ${FILE}`);

const MINUTE = 60_000;

interface Lab {
  readonly server: EventServer;
  readonly agent: AgentProcess;
  readonly firewall: PlainFirewall;
  /** Somebody's ticket, so many minutes ago. */
  ticket(user: string, ip: string, minutesAgo?: number): void;
  /** Polls until the firewall is told exactly this. */
  told(wanted: Readonly<Record<string, string>>): Promise<void>;
  source(id?: string): Promise<{
    readonly state: string;
    readonly sentence: string;
    readonly counters: Readonly<Record<string, number>>;
  }>;
}

function withDomainController(
  work: (lab: Lab) => Promise<void>,
  {
    password = "right",
    moreSources = "",
  }: { readonly password?: string; readonly moreSources?: string } = {},
): Promise<void> {
  return withTempDir(async (folder) => {
    const server = await startEventServer({
      computer: "dc1.corp.example",
      channels: ["Security", "ForwardedEvents"],
      accounts: [{ user: "reader", password: "right" }],
      moulds: readMoulds([FILE, WORKSTATION]).moulds,
      domain: "CORP",
    });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "password"), password, { mode: 0o600 });
    const site = writeSite(
      folder,
      `credentials:
  - { id: reader, name: Reader, user: 'CORP\\reader', password: { file: password }, allowNtlm: true }
eventSources:
  - { id: dc1, name: DC 1, kind: domain-controller, host: 127.0.0.1, addressSpaceId: main, credentialId: reader, endpointMapperPort: ${server.mapperPort} }
${moreSources.replaceAll("PORT", String(server.mapperPort))}`,
    );
    const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), ["--config", site.file]);
    const lab = { server, agent } as const;
    let firewall: PlainFirewall | null = null;
    const door = (): PlainFirewall => {
      firewall ??= new PlainFirewall(
        agent.ports.firewall,
        readFileSync(path.join(folder, "state", "own-authority.pem"), "utf8"),
        site,
      );
      return firewall;
    };
    try {
      await work({
        ...lab,
        get firewall() {
          return door();
        },
        ticket(user, ip, minutesAgo = 0) {
          server.add("Security", {
            eventId: 4768,
            like: { Status: "0x0", PreAuthType: "2" },
            set: {
              TargetUserName: user,
              TargetSid: `S-1-5-21-1-2-3-${1000 + user.length}`,
              IpAddress: `::ffff:${ip}`,
            },
            at: new Date(Date.now() - minutesAgo * MINUTE).toISOString(),
          });
        },
        async told(wanted) {
          const text = JSON.stringify(Object.entries(wanted).sort());
          const until = Date.now() + 30_000;
          for (;;) {
            if ((await door().poll()) === 401) await door().logOn();
            if (JSON.stringify([...door().table].sort()) === text) return;
            if (Date.now() > until) expect(Object.fromEntries(door().table)).toEqual(wanted);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        },
        async source(wanted = "dc1") {
          const found = (await agent.status()).sources.find(({ id }) => id === wanted);
          if (found === undefined) throw new Error(`the agent has no source ${wanted}`);
          return found;
        },
      });
    } finally {
      await door()
        .close()
        .catch(() => undefined);
      await agent.stop();
      await server.stop();
    }
  });
}

/** Waits until the source's health is so. */
async function until(
  lab: Lab,
  what: string,
  isSo: (source: Awaited<ReturnType<Lab["source"]>>) => boolean,
  id?: string,
) {
  let last: unknown = null;
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    const source = await lab.source(id);
    if (isSo(source)) return source;
    last = source;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come about: ${JSON.stringify(last)}`);
}

// Each has a server, an agent and a folder of its own, and much of their time is waiting.
describe.skipIf(!isHere)("an agent that reads a domain controller's event log", { concurrent: true }, () => {
  it("tells a firewall who logged on in the last hour and who logs on now, and counts what it read", () =>
    withDomainController(async (lab) => {
      lab.ticket("longago", "10.1.0.1", 120);
      lab.ticket("alice", "10.1.2.3", 30);
      lab.server.add("Security", {
        eventId: 4768,
        like: { Status: "0x0", PreAuthType: "2" },
        set: { TargetUserName: "PC7$", IpAddress: "::ffff:10.1.2.3" },
      });
      await lab.agent.start();
      await lab.told({ "10.1.2.3": "alice" });
      lab.ticket("bob", "10.1.2.4");
      await lab.told({ "10.1.2.3": "alice", "10.1.2.4": "bob" });
      const source = await until(lab, "it is well", ({ state }) => state === "ok");
      expect(source.counters).toMatchObject({ received: 3, matched: 3, "rule.event:4768": 3, catchUps: 1 });

      const metrics = await request(`http://127.0.0.1:${lab.agent.ports.status}/metrics`);
      const text = await metrics.body.text();
      expect(text).toContain('event_rule_hits_total{source="dc1",rule="event:4768"} 3');
      expect(text).toMatch(/collector_lag_ms\{source="dc1",kind="event-log"\} \d+/);
      const to = ["--status-listen", `127.0.0.1:${lab.agent.ports.status}`];
      const who = await runAgent(["--state-dir", lab.agent.stateDir, "who", "10.1.2.3", ...to]);
      expect(who.out).toContain("alice");
      expect(lab.agent.log + lab.agent.out).not.toContain("right");
    }));

  it("goes on where it was after a restart and after a crash, without a gap and without reading anything twice", () =>
    withDomainController(async (lab) => {
      lab.ticket("alice", "10.1.2.3", 30);
      await lab.agent.start();
      await lab.told({ "10.1.2.3": "alice" });
      await lab.agent.stop();
      lab.ticket("bob", "10.1.2.4", 1);
      await lab.agent.start();
      await lab.told({ "10.1.2.3": "alice", "10.1.2.4": "bob" });
      expect((await lab.source()).counters).toMatchObject({ received: 1, matched: 1 });
      await lab.agent.kill();
      lab.ticket("carol", "10.1.2.5", 1);
      await lab.agent.start();
      await lab.told({ "10.1.2.3": "alice", "10.1.2.4": "bob", "10.1.2.5": "carol" });
      expect((await lab.source()).counters).toMatchObject({ received: 1, matched: 1 });
      expect((await lab.source()).counters.bookmarksLost).toBeUndefined();
    }));

  it("outlives a controller that goes away and comes back, also with a cleared log, and says that it was cleared", () =>
    withDomainController(async (lab) => {
      lab.ticket("alice", "10.1.2.3", 30);
      await lab.agent.start();
      await lab.told({ "10.1.2.3": "alice" });
      await lab.server.stop();
      const away = await until(lab, "it is away", ({ state }) => state === "broken");
      expect(away.sentence).toContain("127.0.0.1");
      lab.ticket("bob", "10.1.2.4");
      await lab.server.start();
      await lab.told({ "10.1.2.3": "alice", "10.1.2.4": "bob" });

      await lab.server.stop();
      lab.server.clear("Security");
      // As many as there were before: the number that was read last is there again, and is another record.
      for (const [user, ip] of [
        ["carol", "10.1.2.5"],
        ["dora", "10.1.2.6"],
        ["erik", "10.1.2.7"],
      ] as const)
        lab.ticket(user, ip);
      await lab.server.start();
      await lab.told({
        "10.1.2.3": "alice",
        "10.1.2.4": "bob",
        "10.1.2.5": "carol",
        "10.1.2.6": "dora",
        "10.1.2.7": "erik",
      });
      const cleared = await until(lab, "it is said", ({ state }) => state === "degraded");
      expect(cleared.sentence).toContain("was cleared");
      expect(cleared.counters).toMatchObject({ bookmarksLost: 1, logCleared: 1 });
    }));

  it("places whoever sits at a computer that forwards to a collector where the controller says that computer is, until they log off", () =>
    withDomainController(
      async (lab) => {
        const { server } = lab;
        const fromPc7 = { computer: "pc7.corp.example", channel: "Security" };
        const alice = {
          TargetUserName: "alice",
          TargetDomainName: "CORP",
          TargetUserSid: "S-1-5-21-1-2-3-1104",
        };
        server.add("ForwardedEvents", {
          ...fromPc7,
          eventId: 4624,
          like: { LogonType: "2" },
          set: { ...alice, IpAddress: "127.0.0.1", TargetLogonId: "0x1a2b3c", TargetLinkedLogonId: "0x0" },
        });
        await lab.agent.start();
        await until(lab, "it waits", ({ counters }) => counters.waiting === 1, "wec");
        // The computer's own ticket comes later, in another log.
        server.add("Security", {
          eventId: 4768,
          like: { Status: "0x0", PreAuthType: "2" },
          set: { TargetUserName: "PC7$", TargetSid: "S-1-5-21-1-2-3-1200", IpAddress: "::ffff:10.1.2.3" },
        });
        await lab.told({ "10.1.2.3": "alice" });
        server.add("ForwardedEvents", { ...fromPc7, eventId: 4647, set: alice });
        // The person has left, the computer has not.
        await lab.told({ "10.1.2.3": "" });
        const source = await until(
          lab,
          "it is counted",
          ({ counters }) => counters["rule.event:4647"] === 1,
          "wec",
        );
        expect(source.counters).toMatchObject({ received: 2, matched: 2, "rule.event:4624-2": 1 });
      },
      {
        moreSources: `  - { id: wec, name: Collector, kind: event-collector, host: 127.0.0.1, addressSpaceId: main, credentialId: reader, endpointMapperPort: PORT }
`,
      },
    ));

  it("tells a firewall of nobody at a host to which two are connected by remote desktop, hours apart or not", () =>
    withDomainController(
      async (lab) => {
        const { server } = lab;
        const desktop = (user: string, number: number, logonType = "10") =>
          server.add("ForwardedEvents", {
            computer: "rds1.corp.example",
            channel: "Security",
            eventId: 4624,
            like: { LogonType: "2" },
            set: {
              LogonType: logonType,
              TargetUserName: user,
              TargetDomainName: "CORP",
              TargetUserSid: `S-1-5-21-1-2-3-${1100 + number}`,
              IpAddress: "192.0.2.7",
              TargetLogonId: `0x${number}`,
              TargetLinkedLogonId: "0x0",
            },
          });
        server.add("Security", {
          eventId: 4768,
          like: { Status: "0x0", PreAuthType: "2" },
          set: { TargetUserName: "RDS1$", TargetSid: "S-1-5-21-1-2-3-1200", IpAddress: "::ffff:10.1.2.9" },
        });
        await lab.agent.start();
        await lab.told({ "10.1.2.9": "" });
        desktop("ana", 1);
        await lab.told({ "10.1.2.9": "ana" });
        desktop("ben", 2);
        await lab.told({ "10.1.2.9": "" });
        // Whoever comes after them is nobody too, and the address that they came from never was anybody's.
        desktop("cho", 3, "2");
        const to = ["--status-listen", `127.0.0.1:${lab.agent.ports.status}`];
        const asked = ["--state-dir", lab.agent.stateDir, "explain", "10.1.2.9", ...to];
        await expect
          .poll(async () => (await runAgent(asked)).out, { timeout: 20_000 })
          .toContain("cho, mark:multi-user");
        await lab.told({ "10.1.2.9": "" });
        expect((await lab.agent.status()).findings).toEqual([{ kind: "multi-user", acted: 1, suggested: 0 }]);
      },
      {
        moreSources: `  - { id: wec, name: Collector, kind: event-collector, host: 127.0.0.1, addressSpaceId: main, credentialId: reader, endpointMapperPort: PORT }
settings: { detection: { mode: "on" } }
`,
      },
    ));

  it("tells a firewall of nobody at a computer that stands under a marked OU, and of its people once it is moved there", async () => {
    const directory = new FakeDirectory();
    directory.addGroup(515, "Domain Computers", []);
    directory.addComputer(1201, "RDS1", "RDS", { servicePrincipalName: ["TERMSRV/RDS1"] });
    directory.addComputer(1202, "FILE1", "RDS");
    directory.addComputer(1203, "PC7", "Desks", { servicePrincipalName: ["TERMSRV/PC7"] });
    await directory.open();
    try {
      await withDomainController(
        async (lab) => {
          await lab.agent.start();
          await until(lab, "the directory is read", ({ state }) => state === "ok", "ad");
          for (const [computer, rid, user, ip] of [
            ["RDS1", 1201, "ana", "10.1.2.1"],
            ["FILE1", 1202, "ben", "10.1.2.2"],
            ["PC7", 1203, "cho", "10.1.2.3"],
          ] as const) {
            lab.server.add("Security", {
              eventId: 4768,
              like: { Status: "0x0", PreAuthType: "2" },
              set: {
                TargetUserName: `${computer}$`,
                TargetSid: `S-1-5-21-1-2-3-${rid}`,
                IpAddress: `::ffff:${ip}`,
              },
            });
            lab.ticket(user, ip);
          }
          await lab.told({ "10.1.2.1": "", "10.1.2.2": "ben", "10.1.2.3": "cho" });
          directory.move(1203, "RDS");
          await lab.told({ "10.1.2.1": "", "10.1.2.2": "ben", "10.1.2.3": "" });
          const to = ["--status-listen", `127.0.0.1:${lab.agent.ports.status}`];
          const ask = async (ip: string) =>
            (await runAgent(["--state-dir", lab.agent.stateDir, "explain", ip, ...to])).out;
          expect(await ask("10.1.2.1")).toContain("ana, mark:host");
          expect(await ask("10.1.2.3")).toContain("ended by mark:host");
        },
        {
          moreSources: `directories:
  - { id: ad, name: AD, host: 127.0.0.1, port: ${directory.port}, tls: none, credentialId: reader, pollSeconds: 5 }
hostMarks:
  - { id: rds, under: 'OU=RDS,DC=corp,DC=example', remoteDesktopOnly: true }
`,
        },
      );
    } finally {
      await directory.close();
    }
  });

  it.each([
    [
      "goes on naming",
      "in",
      Date.now() + 3_600_000,
      ["10.1.2.1", "10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5"],
    ],
    ["does not name any more", "after", 1, []],
  ])(
    "%s what works at too many addresses %s the first days of a site, and says so",
    (_does, _when, suggestAccountsUntil, named) =>
      withDomainController(
        async (lab) => {
          await lab.agent.start();
          for (let n = 1; n <= 5; n += 1) lab.ticket("svc-scan", `10.1.2.${n}`);
          await until(lab, "all are read", ({ counters }) => counters.received === 5);
          lab.ticket("alice", "10.1.3.1");
          await lab.told({
            "10.1.3.1": "alice",
            ...Object.fromEntries(named.map((ip) => [ip, "svc-scan"])),
          });
          const isActed = named.length === 0;
          expect((await lab.agent.status()).findings).toEqual([
            { kind: "service-account", acted: isActed ? 1 : 0, suggested: isActed ? 0 : 1 },
          ]);
        },
        {
          moreSources: `settings: { detection: { mode: "on", suggestServiceAccountAt: 3, suppressServiceAccountAt: 5, suggestAccountsUntil: ${suggestAccountsUntil} } }
`,
        },
      ),
  );

  it("shows a wrong password to the server twice, and then to nobody", () =>
    withDomainController(
      async (lab) => {
        await lab.agent.start();
        await eventually("it was refused twice", () => lab.server.logins.refused === 2, 30_000);
        const source = await until(lab, "it is paused", ({ sentence }) => /paused|twice/.test(sentence));
        expect(source.state).toBe("broken");
        expect(lab.agent.log + lab.agent.out).not.toContain("mistyped");
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(lab.server.logins).toEqual({ accepted: 0, refused: 2 });
      },
      { password: "mistyped" },
    ));
});
