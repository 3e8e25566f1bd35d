import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labForTests } from "../infra/lab/lab.ts";
import { type Rsyslog, startRsyslog, whyNoRsyslog } from "../infra/lab/rsyslog.ts";
import { Portal } from "./portal.ts";
import { Product, variant } from "./product.ts";
import { Agent, command, Firewall, type TableLine } from "./site.ts";
import { sendLines } from "./syslog-sender.ts";
import { until } from "./until.ts";

/**
 * The main job on real input: a real Active Directory, a real rsyslog that forwards the domain controller's own
 * authentication log, the agent, the cloud, and a firewall simulator at each of the two.
 */
const CUSTOMER = "castell";
let product: Product;
let portal: Portal;
let lab: Lab | null;
let rsyslog: Rsyslog;
let agent: Agent;
let atAgent: Firewall;
let atCloud: Firewall;

const sameTables = (a: readonly TableLine[], b: readonly TableLine[]) => {
  const shown = (lines: readonly TableLine[]) =>
    JSON.stringify(lines.map((line) => [line.ip, line.user, line.domain, line.groups]).sort());
  return shown(a) === shown(b);
};

interface Seat {
  readonly user: string;
  readonly from: string;
}

/** Enabled people of the lab: every 25th is not. */
function people(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n)
    .filter((n) => n % 25 !== 0)
    .map((n) => `u${String(n).padStart(6, "0")}`);
}

function holds(table: readonly TableLine[], seats: readonly Seat[]): boolean {
  return seats.every((seat) => table.some((line) => line.ip === seat.from && line.user === seat.user));
}

async function untilEverybodyIsAtBoth(seats: readonly Seat[]): Promise<void> {
  await until("everybody is at both firewalls", 60_000, async () => {
    const [here, there] = [await atAgent.table(), await atCloud.table()];
    const missing = (table: readonly TableLine[]) =>
      seats.filter((seat) => !holds(table, [seat])).map((seat) => seat.from);
    const gaps = { agent: missing(here), cloud: missing(there), equal: sameTables(here, there) };
    if (gaps.agent.length || gaps.cloud.length || !gaps.equal) throw new Error(JSON.stringify(gaps));
    return true;
  });
}

/** One history row a logon: a repeated delivery has had no second effect. */
async function expectOneStartEach(seats: readonly Seat[]): Promise<void> {
  for (const seat of seats) {
    const detail = await portal.query<{ history: { verb: string; kind: string }[] }>("sessions.get", {
      customer: CUSTOMER,
      ip: seat.from,
    });
    const starts = detail.history.filter((one) => one.verb === "start" && one.kind === "user");
    expect(`${seat.from} ${starts.length}`).toBe(`${seat.from} 1`);
  }
}

describe(`identity, end to end (queue and bell on ${variant})`, () => {
  beforeAll(async () => {
    lab = await labForTests({ users: 60 });
    const noRsyslog = whyNoRsyslog();
    if (noRsyslog !== null && process.env.CI) throw new Error(noRsyslog);
    if (lab === null || noRsyslog !== null) return;
    product = await Product.start(["--empty"]);
    portal = new Portal(product.ready.portal);
    await portal.signIn(product.ready.email, product.ready.password);

    const added = await portal.mutate<{ siteId: string }>("customers.add", {
      name: "Castell & Daughters",
      slug: CUSTOMER,
      adDomain: lab.domain,
      siteName: "London",
    });
    const ticket = await portal.mutate<{ fileName: string; fileText: string }>("agents.issueOnboarding", {
      customer: CUSTOMER,
      siteId: added.siteId,
    });
    agent = await Agent.enrol(product, "127.0.0.2", ticket);
    await agent.run();
    await portal.mutate("directories.add", {
      customer: CUSTOMER,
      siteId: added.siteId,
      name: "dc1",
      host: lab.address,
      caPem: lab.caPem,
      bindUser: lab.readerUpn,
      password: lab.password,
    });
    const source = await portal.mutate<{ id: string }>("syslog.add", {
      customer: CUSTOMER,
      siteId: added.siteId,
      name: "dc1 authentication log",
      senders: ["127.0.0.0/8"],
      speaksFor: ["10.20.0.0/16", "10.30.0.0/16"],
      baseConfiguration: "samba-auth-json",
    });
    // Samba writes no logoffs; the lines that end a session are those of a VPN gateway at the same sender.
    const bases = await portal.query<{ items: { name: string; sequences: unknown[] }[] }>(
      "syslog.baseConfigurations",
      {
        customer: CUSTOMER,
      },
    );
    const detail = await portal.query<{ version: string; sequences: Record<string, unknown>[] }>(
      "syslog.get",
      {
        customer: CUSTOMER,
        id: source.id,
      },
    );
    const keyValue = bases.items.find((base) => base.name === "key-value");
    await portal.mutate("syslog.saveSequences", {
      customer: CUSTOMER,
      id: source.id,
      version: detail.version,
      sequences: [
        ...detail.sequences.map(({ id: _, ordinal: __, ...fields }) => fields),
        ...(keyValue?.sequences ?? []),
      ],
    });
    const point = await portal.mutate<{ id: string; clientId: string; clientSecret: string }>("points.add", {
      customer: CUSTOMER,
      name: "HQ-FW1",
    });
    const agents = await portal.query<{ items: { id: string }[] }>("agents.list", { customer: CUSTOMER });
    await portal.mutate("agents.setFirewallNames", {
      customer: CUSTOMER,
      id: agents.items[0]?.id,
      names: ["127.0.0.2"],
    });
    const junos = await portal.query<{ ca: { pem: string } }>("points.junos", {
      customer: CUSTOMER,
      id: point.id,
    });
    const caFile = path.join(product.dir, "srx-ca.pem");
    writeFileSync(caFile, junos.ca.pem);

    await until("the directory was read and the syslog source waits", 60_000, async () => {
      const list = await portal.query<{ items: { counters: Record<string, number> }[] }>("directories.list", {
        customer: CUSTOMER,
      });
      return (list.items[0]?.counters.users ?? 0) > 50;
    });
    rsyslog = await startRsyslog({
      files: [{ path: lab.authLog, tag: "samba" }],
      targets: [{ transport: "tcp", format: "rfc5424", framing: "octet-counted", ...agent.syslog }],
      workDirectory: path.join(product.dir, "rsyslog"),
      hostName: lab.dcName,
    });
    atAgent = await Firewall.start(`https://${agent.firewall}`, point.clientId, point.clientSecret, [
      "--ca",
      caFile,
    ]);
    atCloud = await Firewall.start(product.ready.gateway.firewall_url, point.clientId, point.clientSecret, [
      "--insecure",
    ]);
  });

  afterAll(async () => {
    await atAgent?.stop();
    await atCloud?.stop();
    await rsyslog?.stop();
    await agent?.kill("SIGTERM");
    const code = await product?.stop();
    await lab?.stop();
    if (product) expect(code).toBe(0);
  });

  const both = async (
    ip: string,
    wanted: (line: TableLine | undefined) => boolean,
    agentMs: number,
    cloudMs: number,
  ) => {
    const began = performance.now();
    await Promise.all([
      until(`the firewall at the agent, ${ip}`, agentMs, async () => wanted(await atAgent.at(ip))),
      until(`the firewall at the cloud, ${ip}`, cloudMs, async () => wanted(await atCloud.at(ip))),
    ]);
    return performance.now() - began;
  };

  it("hands user, domain and nested groups of an LDAP logon to the agent's firewall in 2 s and the cloud's in 3 s", async (context) => {
    if (lab === null) return context.skip();
    expect(await lab.logOnLdap({ user: "u000001", from: "10.20.31.77" })).toBe(0);
    await both("10.20.31.77", (line) => line?.user === "u000001", 2_000, 3_000);
    const line = await atAgent.at("10.20.31.77");
    expect(line?.domain).toBe(lab.domain);
    // Four levels down: department, business unit, everybody, internet access.
    expect(line?.groups).toEqual(
      expect.arrayContaining(["UG-AllStaff", "DL-Internet-Access", "GG-Everyone"]),
    );
    expect((await atCloud.at("10.20.31.77"))?.groups).toEqual(line?.groups);
  });

  it("does the same for a logon over SMB", async (context) => {
    if (lab === null) return context.skip();
    expect(await lab.logOnSmb({ user: "u000002", from: "10.20.31.78" })).toBe(true);
    await both("10.20.31.78", (line) => line?.user === "u000002", 2_000, 3_000);
  });

  it("does not name anybody for a refused logon", async (context) => {
    if (lab === null) return context.skip();
    expect(await lab.logOnLdap({ user: "u000003", from: "10.20.31.79", password: "wrong" })).toBe(49);
    expect(await lab.logOnLdap({ user: "u000003", from: "10.20.31.80" })).toBe(0);
    await both("10.20.31.80", (line) => line?.user === "u000003", 2_000, 3_000);
    expect(await atAgent.at("10.20.31.79")).toBeUndefined();
  });

  it("tells both firewalls of a group change in the directory within 40 s", async (context) => {
    if (lab === null) return context.skip();
    const group = `GG-Oncall-${Date.now()}`;
    await lab.addGroup(group);
    await lab.addToGroup("u000001", group);
    const took = await both("10.20.31.77", (line) => line?.groups.includes(group) === true, 40_000, 40_000);
    console.log(`group change told after ${Math.round(took)} ms`);
  });

  it("ends a session at both firewalls by a logoff line", async (context) => {
    if (lab === null) return context.skip();
    await sendLines(agent.syslog, "udp", [
      `<134>1 ${new Date().toISOString()} vpn1 vpnd - - - logoff user=u000002 ip=10.20.31.78`,
    ]);
    await both("10.20.31.78", (line) => line === undefined, 2_000, 3_000);
  });

  it("answers a person who looks an address up through the portal with what the agent knows", async (context) => {
    if (lab === null) return context.skip();
    const result = await command(portal, CUSTOMER, { kind: "look-up-address", ip: "10.20.31.77" });
    expect(JSON.stringify(result)).toContain("u000001");
  });

  it("tests the directory from the agent, check by check", async (context) => {
    if (lab === null) return context.skip();
    const list = await portal.query<{ items: { id: string }[] }>("directories.list", { customer: CUSTOMER });
    const result = await command(portal, CUSTOMER, {
      kind: "test-source",
      sourceKind: "directory",
      sourceId: list.items[0]?.id,
    });
    expect(result).toMatchObject({ ok: true });
  });

  it("loses nothing and counts nothing twice when the agent is killed in the middle of a storm", async (context) => {
    if (lab === null) return context.skip();
    const logOn = async (seats: readonly Seat[]) => {
      for (const seat of seats) expect(await lab?.logOnLdap(seat)).toBe(0);
    };
    const seats = people(5, 44).map((user, n) => ({ user, from: `10.30.1.${n + 10}` }));
    const before = seats.slice(0, 20);
    await logOn(before);
    await until("the first half arrived", 20_000, async () => holds(await atAgent.table(), before));
    await agent.kill("SIGKILL");
    await logOn(seats.slice(20));
    await agent.run();
    await untilEverybodyIsAtBoth(seats);
    await expectOneStartEach(seats);
  });

  it("loses at most what was on the wire when it is killed while lines stream in, and counts nothing twice", async (context) => {
    if (lab === null) return context.skip();
    // Plain syslog has no acknowledgement: what the sender has written and the agent has not committed is nobody's.
    const seats = people(5, 44).map((user, n) => ({ user, from: `10.30.2.${n + 10}` }));
    const storm = (async () => {
      for (const seat of seats) expect(await lab?.logOnLdap(seat)).toBe(0);
    })();
    await until("the storm is under way", 20_000, async () =>
      holds(await atAgent.table(), seats.slice(0, 4)),
    );
    await agent.kill("SIGKILL");
    await storm;
    await agent.run();
    const last = seats.slice(-5);
    await until("the storm is over at both firewalls", 60_000, async () => {
      const [here, there] = [await atAgent.table(), await atCloud.table()];
      return holds(here, last) && holds(there, last) && sameTables(here, there);
    });
    const table = await atAgent.table();
    const lost = seats.filter((seat) => !holds(table, [seat]));
    console.log(`lost on the wire: ${lost.length} of ${seats.length}`);
    // How many a sender has on the wire is its affair; what it kept to itself while the agent was down must all be here.
    expect(lost.length).toBeLessThanOrEqual(10);
    await expectOneStartEach(seats.filter((seat) => !lost.includes(seat)).slice(0, 10));
  });

  it("goes on answering the agent's firewall while the cloud is away, and both tables are equal again afterwards", async (context) => {
    if (lab === null) return context.skip();
    const awayMs = Number(process.env.ROLLCALL_E2E_CLOUD_AWAY_MS ?? "60000");
    product.pause("gateway");
    const until0 = Date.now() + awayMs;
    expect(await lab.logOnLdap({ user: "u000004", from: "10.20.40.1" })).toBe(0);
    await until(
      "the agent's firewall is told while the cloud is away",
      2_000,
      async () => (await atAgent.at("10.20.40.1"))?.user === "u000004",
    );
    await sendLines(agent.syslog, "udp", [
      `<134>1 ${new Date().toISOString()} vpn1 vpnd - - - logoff user=u000003 ip=10.20.31.80`,
    ]);
    await until(
      "an end is told while the cloud is away",
      2_000,
      async () => (await atAgent.at("10.20.31.80")) === undefined,
    );
    const errorsBefore = (await atAgent.counters()).errors;
    await until("the minute is over", awayMs + 5_000, () => Date.now() > until0);
    expect((await atAgent.counters()).errors).toBe(errorsBefore);
    product.resume("gateway");
    // The agent is back within 15 s; the rest is for a slow machine.
    await until("both tables are equal", 20_000, async () => {
      const [here, there] = [await atAgent.table(), await atCloud.table()];
      return there.some((line) => line.ip === "10.20.40.1") && sameTables(here, there);
    });
  });

  it("ends the sessions of an account that is disabled in the directory", async (context) => {
    if (lab === null) return context.skip();
    await lab.setEnabled("u000004", false);
    await both("10.20.40.1", (line) => line === undefined, 40_000, 40_000);
    await lab.setEnabled("u000004", true);
  });

  it("shows in the portal which firewall was told what, by agent and by cloud", async (context) => {
    if (lab === null) return context.skip();
    const points = await portal.query<{ items: { id: string }[] }>("points.list", { customer: CUSTOMER });
    const { value } = await until("both responders report", 20_000, async () => {
      const detail = await portal.query<{
        contacts: { responder: string; told: { user: string | null }[] }[];
      }>("points.get", {
        customer: CUSTOMER,
        id: points.items[0]?.id,
      });
      return detail.contacts.length >= 2 ? detail.contacts : null;
    });
    expect(value.map((contact) => contact.responder)).toContain("cloud");
    for (const contact of value) expect(contact.told.length).toBeGreaterThan(0);
  });
});
