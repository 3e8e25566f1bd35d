import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { commandUpdate, healthReport, siteConfig } from "@rollcall/agent-protocol";
import { aLogon, EVERYTHING, ip } from "@rollcall/identity-core/testing";
import { silentLogger } from "@rollcall/observability";
import { checkCsr, issueServerCertificate, signAgentCertificate, signServerCertificate } from "@rollcall/pki";
import { withTempDir } from "@rollcall/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { documentOf } from "../doctor/doctor.ts";
import { readIdentity, writeIdentity } from "../enrolment/identity.ts";
import { type FirewallTls, readFirewallTls } from "../firewall/firewall-certificate.ts";
import { createGroupCommit } from "../pipeline/group-commit.ts";
import { lookUpAddress } from "../pipeline/look-up.ts";
import { openStore } from "../state/open-store.ts";
import { openStateFolder } from "../state/state-folder.ts";
import { systemClock } from "../supervisor/clock.ts";
import { type FakeGateway, type Reply, startFakeGateway } from "../testing/fake-gateway.ts";
import { arrival, withKeeper } from "../testing/pipeline-lab.ts";
import { aLink, anIdentity, during, eventually } from "../testing/uplink-lab.ts";
import { type CommandDesk, followCommands } from "./commands.ts";
import { pollConfig } from "./config-poll.ts";
import { createDownlink } from "./downlink.ts";
import { createFirewallCertificateKeeper } from "./firewall-certificate-keeper.ts";
import { createHealthReporter } from "./health-reporter.ts";
import type { PortalLink } from "./portal-link.ts";
import { keepCertificate, renewAt } from "./renewal.ts";

let gateway: FakeGateway;
let link: PortalLink;
beforeAll(async () => {
  gateway = await startFakeGateway();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  link = aLink(await anIdentity(gateway));
  gateway.calls.length = 0;
  return () => link.close();
});

const clock = systemClock;
const log = silentLogger;
const aSite = (parts: object = {}) =>
  siteConfig.parse({ version: 4, addressSpaces: [{ id: "space", name: "S" }], ...parts });

/** Answers the first question with each of `replies` in turn, then with nothing. */
function once(...replies: Reply[]) {
  return async (): Promise<Reply> => {
    const next = replies.shift();
    if (next === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    return next ?? { status: 204 };
  };
}

describe("the configuration channel", () => {
  const applied = () =>
    gateway
      .callsTo("POST /v1/config/applied")
      .map((call) => [call.body.version, call.body.outcome, call.body.reason ?? ""]);

  it("applies what the portal wants, says so, and asks on with the version it has", async () => {
    gateway.on("GET /v1/config", once({ status: 200, body: { version: 4, config: aSite() } }));
    const used: number[] = [];
    await during(
      (signal) =>
        pollConfig(
          {
            link,
            log,
            currentVersion: () => 3,
            apply: async (_config, version) => void used.push(version),
            onRefused: () => undefined,
          },
          signal,
        ),
      () => eventually("it asks on", () => gateway.callsTo("GET /v1/config").length > 1),
    );
    expect([used, applied()]).toEqual([[4], [[4, "applied", ""]]]);
    expect(
      gateway
        .callsTo("GET /v1/config")
        .map((call) => call.query.get("have"))
        .slice(0, 2),
    ).toEqual(["3", "4"]);
  });

  it("asks at once whether what it kept is still wanted, and says so; not of what runs in place of a refused one", async () => {
    let current = 0;
    const poll = (signal: AbortSignal) =>
      pollConfig(
        {
          link,
          log,
          currentVersion: () => 3,
          apply: async () => undefined,
          onRefused: () => undefined,
          onCurrent: () => {
            current += 1;
          },
        },
        signal,
      );
    const asked = () => gateway.callsTo("GET /v1/config").map((call) => call.query.get("wait"));
    gateway.on("GET /v1/config", once({ status: 204 }));
    await during(poll, () => eventually("it was told", () => asked().length > 1));
    expect(asked().slice(0, 2)).toEqual(["0", "50"]);
    expect(current).toBeGreaterThan(0);
    gateway.calls.length = 0;
    current = 0;
    gateway.on("GET /v1/config", once({ status: 200, body: { version: 4, config: { nonsense: 1 } } }));
    await during(poll, () => eventually("it asks on", () => asked().length > 2));
    expect(current).toBe(0);
  });

  it.each([
    [
      "an unknown key",
      { ...aSite(), sylsogSources: [] },
      'sylsogSources: is not a known key; did you mean "syslogSources"?',
    ],
    [
      "a reference that leads nowhere",
      aSite({
        enforcementPoints: [
          { id: "p", name: "P", clientId: "fw1", verifiers: [], addressSpaceIds: ["gone"] },
        ],
      }),
      'there is no address space "gone"',
    ],
    ["no configuration at all", "hello", "(the whole): expected a group of keys"],
  ])(
    "refuses %s with the reason, keeps the last good one, and does not ask for it again and again",
    async (_what, config, reason) => {
      gateway.on("GET /v1/config", once({ status: 200, body: { version: 5, config } }));
      const refused: string[] = [];
      await during(
        (signal) =>
          pollConfig(
            {
              link,
              log,
              currentVersion: () => 3,
              apply: () => Promise.reject(new Error("it must not be applied")),
              onRefused: (_version, why) => void refused.push(why),
            },
            signal,
          ),
        () => eventually("it asks on", () => gateway.callsTo("GET /v1/config").length > 1),
      );
      expect(refused).toEqual([expect.stringContaining(reason)]);
      expect(applied()).toEqual([[5, "refused", expect.stringContaining(reason)]]);
      expect(gateway.callsTo("GET /v1/config").at(1)?.query.get("have")).toBe("5");
    },
  );
});

describe("the command channel", () => {
  const id = "7d9f7d0e-0b6a-4b0e-9a57-2d3c4f5a6b7c";
  const CHECK = { name: "Disk", ok: true, detail: "900 MiB are free" };
  const desk: CommandDesk = {
    testSource: async (kind, source) =>
      source === "missing" ? null : [{ name: "port", ok: kind === "syslog", detail: "tried" }],
    examine: async () =>
      documentOf(
        [
          {
            kind: "machine",
            id: "machine",
            name: "This machine",
            checks: [{ ...CHECK, remedy: "free some" }],
          },
        ],
        1,
      ),
    lookUp: () => [],
    pushResync: async (point, _signal, onProgress) => {
      if (point === "missing") return null;
      onProgress("200 entries told.");
      return 300;
    },
    probe: (ip, space) =>
      space === "elsewhere"
        ? null
        : Promise.resolve({ outcome: "nobody", sentence: `${ip} is empty.`, user: null, computer: "PC-1" }),
    resumeCredential: (credential) => (credential === "missing" ? null : credential === "paused"),
    tail: async ({ lines }) => [
      { at: 1, sender: "10.0.0.9", sourceId: "vpn", line: `${lines} wanted`, matched: true },
    ],
  };

  async function ask(command: unknown, options: { desk?: CommandDesk; deadlineMs?: number } = {}) {
    gateway.calls.length = 0;
    gateway.on("POST /v1/commands/*", () => ({ status: 204 }));
    const answers = () =>
      gateway.calls
        .filter((call) => call.path === `/v1/commands/${id}`)
        .map((call) => commandUpdate.parse(call.body));
    const body = { commands: [{ id, deadline: Date.now() + (options.deadlineMs ?? 5000), command }] };
    // Whoever followed before may have asked once more and be gone: what only that one was told is told again.
    let toldAt = Number.NEGATIVE_INFINITY;
    gateway.on("GET /v1/commands", () => {
      if (answers().length > 0 || Date.now() - toldAt < 1000) return { status: 204 };
      toldAt = Date.now();
      return { status: 200, body };
    });
    await during(
      (signal) => followCommands({ link, desk: options.desk ?? desk, clock, log }, signal),
      () => eventually("it is answered", () => answers().some((update) => update.state !== "running")),
    );
    return answers();
  }

  it("tests a source and gives the checks, with progress before them", async () => {
    expect(await ask({ kind: "test-source", sourceKind: "directory", sourceId: "d" })).toEqual([
      { state: "running", progress: expect.objectContaining({ sentence: "The source is being tested." }) },
      {
        state: "done",
        result: { kind: "test-source", ok: false, checks: [{ name: "port", ok: false, detail: "tried" }] },
      },
    ]);
  });

  it("examines everything, and advice is no failure", async () => {
    expect(await ask({ kind: "doctor" })).toEqual([
      {
        state: "running",
        progress: expect.objectContaining({ sentence: "Every source is being examined." }),
      },
      {
        state: "done",
        result: {
          kind: "doctor",
          ok: true,
          sections: [
            {
              kind: "machine",
              id: "machine",
              name: "This machine",
              checks: [{ ...CHECK, remedy: "free some" }],
            },
          ],
        },
      },
    ]);
  });

  it("says that it has no such source", async () => {
    expect(
      (await ask({ kind: "test-source", sourceKind: "syslog", sourceId: "missing" })).at(-1),
    ).toMatchObject({ state: "failed", code: "not-found" });
  });

  it("looks an address up in the table that firewalls are answered from, with the reasons", () =>
    withKeeper(async ({ keeper, clock: time }) => {
      keeper.write([arrival({ observations: [aLogon({ user: "ana", at: time.now() })] })]);
      const lookUp: CommandDesk["lookUp"] = (address, space) =>
        lookUpAddress({ table: keeper.table, journal: keeper.journal }, ip(address), time.now(), space);
      const [, done] = await ask(
        { kind: "look-up-address", ip: "::ffff:10.0.0.1" },
        { desk: { ...desk, lookUp } },
      );
      expect(done).toMatchObject({
        state: "done",
        result: {
          entry: { ip: "10.0.0.1", user: { name: "ana" } },
          explanation: [expect.stringContaining("ana"), expect.anything()],
        },
      });
      expect((await ask({ kind: "look-up-address", ip: "nonsense" })).at(-1)).toMatchObject({
        state: "failed",
        message: expect.stringContaining("is no address"),
      });
    }));

  it("gives the lines it was asked for", async () => {
    expect((await ask({ kind: "tail", lines: 7, seconds: 1 })).at(-1)).toMatchObject({
      state: "done",
      result: { lines: [{ line: "7 wanted" }] },
    });
  });

  it("sends a firewall everything again, says how far it is, then how much it was; or that it posts to no such one", async () => {
    const answers = await ask({ kind: "push-resync", enforcementPointId: "fw" });
    expect(answers.map((update) => update.state).toSorted()).toEqual(["done", "running", "running"]);
    expect(answers).toContainEqual({ state: "done", result: { kind: "push-resync", entries: 300 } });
    expect(JSON.stringify(answers)).toContain("200 entries told.");
    expect((await ask({ kind: "push-resync", enforcementPointId: "missing" })).at(-1)).toMatchObject({
      state: "failed",
      message: "This agent does not post to that firewall.",
    });
  });

  it("asks a computer who sits there, and says where this agent asks none", async () => {
    const probed = async (addressSpaceId: string) =>
      (await ask({ kind: "probe-address", ip: "10.0.0.7", addressSpaceId })).at(-1);
    expect(await probed("here")).toEqual({
      state: "done",
      result: {
        kind: "probe-address",
        outcome: "nobody",
        sentence: "10.0.0.7 is empty.",
        user: null,
        computer: "PC-1",
      },
    });
    expect(await probed("elsewhere")).toMatchObject({
      state: "failed",
      message: "This agent does not ask computers in that address space.",
    });
  });

  it("lets a paused login be tried once more, and says where it was not paused or is not there", async () => {
    const resumed = async (credentialId: string) =>
      (await ask({ kind: "resume-credential", credentialId })).at(-1);
    expect(await resumed("paused")).toEqual({
      state: "done",
      result: { kind: "resume-credential", resumed: true },
    });
    expect(await resumed("ok")).toMatchObject({ result: { resumed: false } });
    expect(await resumed("missing")).toMatchObject({
      state: "failed",
      message: "This agent has no credential of that id.",
    });
  });

  it("refuses a command it does not know, whatever it asks for", async () => {
    expect(await ask({ kind: "run-program", path: "/bin/sh" })).toEqual([
      { state: "refused", message: expect.stringContaining("does not know that command") },
    ]);
  });

  it("gives up when the deadline has come, and says so", async () => {
    const forever: CommandDesk = {
      ...desk,
      tail: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    expect((await ask({ kind: "tail" }, { desk: forever, deadlineMs: 300 })).at(-1)).toMatchObject({
      state: "failed",
      code: "timed-out",
    });
  });
});

describe("the downlink", () => {
  it("applies what others learnt, goes on where it was after a restart, and sends none of it up", () =>
    withKeeper(async ({ keeper, clock: time }) => {
      const observation = aLogon({ user: "ana", at: time.now(), source: "another-site" });
      gateway.on("GET /v1/downlink", once({ status: 200, body: { next: 17, items: [{ observation }] } }));
      const commits = createGroupCommit({
        keeper,
        clock: { ...clock, now: time.now },
        log,
        reopen: () => undefined,
      });
      await commits.start(new AbortController().signal);
      await during(
        (signal) => createDownlink({ link, keeper, commits }).follow(signal),
        () => eventually("it asks on", () => gateway.callsTo("GET /v1/downlink").length > 1),
      );
      await commits.stop();
      expect(keeper.source.byIp(ip("10.0.0.1"), EVERYTHING)?.user?.name).toBe("ana");
      expect([keeper.store.downlinkNext, keeper.store.spool.numbers().nextSeq]).toEqual([17, 1]);
      expect(
        gateway
          .callsTo("GET /v1/downlink")
          .map((call) => call.query.get("after"))
          .slice(0, 2),
      ).toEqual(["0", "17"]);
    }));

  it("reads what this agent itself had said until it has caught up, and all of it again when told to", () =>
    withKeeper(async ({ keeper, clock: time, file }) => {
      const asked = () =>
        gateway
          .callsTo("GET /v1/downlink")
          .map((call) => `${call.query.get("after")} ${call.query.get("own") ?? "others"}`);
      gateway.on("GET /v1/downlink", async ({ query }) => {
        if (query.get("after") === "0") return { status: 200, body: { next: 17, items: [] } };
        if (query.get("own") === null) await new Promise((resolve) => setTimeout(resolve, 50));
        return { status: 204 };
      });
      const commits = createGroupCommit({
        keeper,
        clock: { ...clock, now: time.now },
        log,
        reopen: () => undefined,
      });
      await commits.start(new AbortController().signal);
      const downlink = createDownlink({ link, keeper, commits });
      await during(downlink.follow, async () => {
        await eventually("it has caught up", () => asked().includes("17 others"));
        expect(asked().slice(0, 3)).toEqual(["0 1", "17 1", "17 others"]);
        gateway.calls.length = 0;
        await downlink.restart();
        await eventually("it has caught up again", () => {
          const again = asked().slice(asked().indexOf("0 1"));
          return again.includes("0 1") && again.includes("17 others");
        });
        gateway.calls.length = 0;
        keeper.store.close();
        keeper.replaceStore(openStore(`${file}.anew`, time.now()).store);
        await eventually("it reads all into the store that took the place of the lost one", () =>
          asked().includes("0 1"),
        );
        await eventually("it has caught up there", () => asked().at(-1) === "17 others");
      });
      await commits.stop();
      expect(keeper.store.downlinkNext).toBe(17);
    }));
});

describe("the health report", () => {
  const report = healthReport.parse({
    v: 1,
    at: 1,
    startedAt: 1,
    version: "0",
    configVersion: null,
    sessions: 0,
    revision: 0,
    spool: { pending: 0, bytes: 0, oldestPendingAt: null },
    store: { state: "ok", sentence: "" },
    listeners: [],
    sources: [],
    firewalls: [],
    unknownSenders: [],
  });

  it("is sent at once when a state changes, and not only when its time has come", async () => {
    gateway.on("POST /v1/health", () => ({
      status: 200,
      body: { serverTime: Date.now(), nextInMs: 20_000 },
    }));
    const reporter = createHealthReporter({ link, clock, report: () => report });
    await during(
      (signal) => reporter.run(signal),
      async () => {
        await eventually("the first report", () => gateway.callsTo("POST /v1/health").length === 1);
        reporter.hurry();
        await eventually("the second report", () => gateway.callsTo("POST /v1/health").length === 2, 2000);
      },
    );
    expect(link.status).toMatchObject({ state: "connected", clockOffsetMs: expect.any(Number) });
  });
});

describe("the agent's certificate", () => {
  it("is renewed at half its life, a tenth earlier or later", () =>
    withTempDir(async () => {
      const identity = await anIdentity(gateway, 7 * 86_400_000);
      const at = (random: number) =>
        Math.round((renewAt(identity.current.certificatePem, random) - Date.now()) / 3_600_000);
      expect([at(0), at(0.5), at(1)]).toEqual([67, 84, 101]);
    }));

  it("is on disk before it is used, replaces the old one only once the gateway took it, and has another key", () =>
    withTempDir(async (folder) => {
      const file = path.join(folder, "identity.json");
      // Half of its life lies behind it: the five minutes by which certificates are back-dated.
      const identity = await anIdentity(gateway, 1000);
      writeIdentity(file, identity);
      const own = aLink(identity);
      gateway.on("POST /v1/renew", async ({ body }) => {
        const csr = await checkCsr(body.csrPem, "p256");
        if (csr.kind === "refused") return { status: 400, body: { code: "refused", message: csr.reason } };
        const issued = await signAgentCertificate({
          authority: gateway.issuing,
          publicKeyPem: csr.publicKeyPem,
          tenantId: identity.tenant.id,
          agentId: identity.agentId,
          now: Date.now(),
        });
        return {
          status: 200,
          body: { certificatePem: issued.certPem, caPem: gateway.issuing.certPem, generation: 2 },
        };
      });
      let onDisk: ReturnType<typeof readIdentity> = null;
      gateway.on("GET /v1/downlink", () => {
        onDisk ??= readIdentity(file);
        return { status: 204 };
      });
      await during(
        (signal) => keepCertificate({ link: own, identityFile: file, clock, random: () => 0.5, log }, signal),
        () =>
          eventually(
            "the renewed certificate is the only one",
            () => readIdentity(file)?.current.keyPem !== identity.current.keyPem,
          ),
      );
      expect(onDisk).toMatchObject({
        current: identity.current,
        next: { keyPem: expect.not.stringContaining(identity.current.keyPem) },
      });
      expect(readIdentity(file)).toMatchObject({
        current: (onDisk as unknown as { next: object }).next,
        next: null,
      });
      await own.close();
    }));

  it("goes back to the old one when the new one was never put on record", () =>
    withTempDir(async (folder) => {
      const file = path.join(folder, "identity.json");
      const [identity, other] = [await anIdentity(gateway), await anIdentity(gateway)];
      const half = { ...identity, next: other.current };
      writeIdentity(file, half);
      const own = aLink(half);
      gateway.on("GET /v1/downlink", ({ agentId }) =>
        agentId === other.agentId
          ? { status: 403, body: { code: "certificate-unknown", message: "not on record" } }
          : { status: 204 },
      );
      await during(
        (signal) => keepCertificate({ link: own, identityFile: file, clock, random: () => 0.5, log }, signal),
        () => eventually("the old one counts again", () => readIdentity(file)?.next === null),
      );
      expect(readIdentity(file)?.current).toEqual(identity.current);
      await own.close();
    }));

  it("is refused when it is for another key", () =>
    withTempDir(async (folder) => {
      const file = path.join(folder, "identity.json");
      const identity = await anIdentity(gateway, 1000);
      const other = await anIdentity(gateway);
      writeIdentity(file, identity);
      const own = aLink(identity);
      gateway.on("POST /v1/renew", () => ({
        status: 200,
        body: { certificatePem: other.current.certificatePem, caPem: gateway.issuing.certPem, generation: 2 },
      }));
      await during(
        (signal) => keepCertificate({ link: own, identityFile: file, clock, random: () => 0.5, log }, signal),
        () => eventually("it was asked for", () => gateway.callsTo("POST /v1/renew").length > 0),
      );
      expect(JSON.parse(readFileSync(file, "utf8")).next).toBeNull();
      await own.close();
    }));
});

describe("the firewall certificate", () => {
  it("is asked for once the portal has spoken, with a key made here, and again when names change", () =>
    withTempDir(async (parent) => {
      const folder = openStateFolder(path.join(parent, "state"));
      const own = await issueServerCertificate({
        authority: gateway.issuing,
        kind: "rsa2048",
        names: ["a"],
        now: Date.now(),
      });
      let tls: FirewallTls = {
        format: "rollcall-firewall-tls",
        version: 1,
        origin: "own",
        keyPem: own.keyPem,
        certificatePem: own.certPem,
        caPem: "x",
        names: ["a"],
      };
      let names: string[] = [];
      gateway.on("POST /v1/firewall-certificate", async ({ body }) => {
        const csr = await checkCsr(body.csrPem, "rsa2048");
        if (csr.kind === "refused") return { status: 400, body: { code: "refused", message: csr.reason } };
        const issued = await signServerCertificate({
          authority: gateway.issuing,
          publicKeyPem: csr.publicKeyPem,
          names,
          now: Date.now(),
        });
        return {
          status: 200,
          body: { certificatePem: issued.certPem, caPem: gateway.issuing.certPem, notAfter: issued.notAfter },
        };
      });
      const keeper = createFirewallCertificateKeeper({
        link,
        folder,
        clock,
        log,
        current: () => tls,
        wantedNames: () => names,
        use: (next) => {
          tls = next;
        },
      });
      await during(
        (signal) => keeper.run(signal),
        async () => {
          keeper.hurry();
          expect(gateway.callsTo("POST /v1/firewall-certificate")).toEqual([]);
          names = ["agent.example", "10.0.0.5"];
          keeper.hurry();
          await eventually("the first certificate", () => tls.origin === "portal");
          names = ["agent.example"];
          keeper.hurry();
          await eventually("the second certificate", () => tls.names.length === 1);
        },
      );
      expect(readFirewallTls(folder)).toEqual(tls);
      expect(createPublicKey(tls.keyPem).export({ format: "jwk" })).toEqual(
        createPublicKey(tls.certificatePem).export({ format: "jwk" }),
      );
      expect(JSON.stringify(gateway.calls)).not.toContain("PRIVATE KEY");
    }));
});

describe("the link to the portal", () => {
  it("says that the portal is away, and is connected again by itself when it comes back", async () => {
    const own = await startFakeGateway();
    const away = aLink(await anIdentity(own));
    const reporter = createHealthReporter({ link: away, clock, report: () => ({}) as never });
    own.on("POST /v1/health", () => ({ status: 200, body: { serverTime: Date.now(), nextInMs: 1000 } }));
    const patient = async (signal: AbortSignal) => {
      while (!signal.aborted) await reporter.run(signal).catch(() => undefined);
    };
    await during(patient, async () => {
      await eventually("it is connected", () => away.status.state === "connected");
      await own.close();
      reporter.hurry();
      await eventually("it is away", () => away.status.state === "unreachable");
      expect(away.status.sentence).toMatch(/cannot be reached.*everything local goes on without it/);
      await own.open();
      await eventually("it is connected again", () => away.status.state === "connected");
    });
    await away.close();
    await own.close();
  });

  it("does not hammer a gateway that refuses it for a reason that time does not mend", async () => {
    const expired = () => ({
      status: 401,
      body: { code: "certificate-expired", message: "The agent's certificate has expired." },
    });
    for (const route of ["GET /v1/config", "GET /v1/commands", "GET /v1/downlink"])
      gateway.on(route, expired);
    const unused = () => Promise.reject(new Error("not to be called"));
    await during(
      (signal) =>
        pollConfig(
          { link, log, currentVersion: () => null, apply: unused, onRefused: () => undefined },
          signal,
        ),
      () =>
        during(
          (signal) => followCommands({ link, desk: {} as CommandDesk, clock, log }, signal),
          () => new Promise((resolve) => setTimeout(resolve, 400)),
        ),
    );
    expect(gateway.calls.length).toBeLessThan(5);
  });

  it("says that the agent was revoked, and asks no more than now and then", async () => {
    gateway.on("POST /v1/health", () => ({
      status: 403,
      body: {
        code: "agent-revoked",
        message: "This agent was revoked in the portal.",
        remedy: "Enrol it anew.",
      },
    }));
    const reporter = createHealthReporter({ link, clock, report: () => ({}) as never });
    await during(
      (signal) => reporter.run(signal),
      async () => {
        await eventually("it is refused", () => link.status.state === "refused");
        reporter.hurry();
        await new Promise((resolve) => setTimeout(resolve, 300));
      },
    );
    expect([link.status.sentence, gateway.callsTo("POST /v1/health").length]).toEqual([
      "This agent was revoked in the portal. Enrol it anew.",
      1,
    ]);
  });
});
