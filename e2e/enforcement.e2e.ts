import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority, issueServerCertificate } from "../packages/pki/src/index.ts";
import { freePort } from "../scripts/services/free-port.ts";
import { Portal } from "./portal.ts";
import { Running, runToEnd } from "./process.ts";
import { Product, variant } from "./product.ts";
import { Agent, command, Firewall, type TableLine } from "./site.ts";
import { sendLines } from "./syslog-sender.ts";
import { Hopeless, until } from "./until.ts";

/**
 * Firewalls in full, on the whole product: every built-in profile, what firewalls report, push mode, marks,
 * secrets that end. Run once, with queue and bell on Postgres.
 */
const CUSTOMER = "castell";
const SIMULATOR = "tools/srx-simulator/src/main.ts";
const WEB_API = "tools/webapi-server/src/main.ts";
const WEB_API_PASSWORD = "Api-Pass-2026";

interface Point {
  readonly id: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

describe.runIf(variant === "postgres")("firewalls in full, end to end", () => {
  let product: Product;
  let portal: Portal;
  let agent: Agent;
  let siteId: string;
  let caFile: string;
  const open: Firewall[] = [];
  let webApi: Running;
  let webApiControl: string;

  const addPoint = (name: string, more: Record<string, unknown> = {}): Promise<Point> =>
    portal.mutate<Point>("points.add", { customer: CUSTOMER, siteId, name, ...more });

  const atAgent = async (point: Point, more: readonly string[] = []): Promise<Firewall> => {
    const firewall = await Firewall.start(`https://${agent.firewall}`, point.clientId, point.clientSecret, [
      "--ca",
      caFile,
      ...more,
    ]);
    open.push(firewall);
    return firewall;
  };

  const atCloud = async (point: Point, more: readonly string[] = []): Promise<Firewall> => {
    const firewall = await Firewall.start(
      product.ready.gateway.firewall_url,
      point.clientId,
      point.clientSecret,
      ["--insecure", ...more],
    );
    open.push(firewall);
    return firewall;
  };

  const vpnLine = (what: "logon" | "logoff", user: string, ip: string): Promise<void> =>
    sendLines(agent.syslog, "udp", [
      `<134>1 ${new Date().toISOString()} vpn1 vpnd - - - ${what} user=${user} ip=${ip}`,
    ]);

  const told = (firewall: Firewall, ip: string, user: string | undefined, limitMs = 10_000) =>
    until(`${ip} is ${user ?? "nobody"}`, limitMs, async () => {
      const line = await firewall.at(ip);
      if (line?.user !== user) throw new Error(`it is ${JSON.stringify(line)}`);
      return true;
    });

  const report = (at: "agent" | "cloud", point: Point, more: readonly string[]) =>
    runToEnd("srx push", SIMULATOR, [
      "push",
      ...more,
      "--url",
      at === "agent" ? `https://${agent.firewall}` : product.ready.gateway.firewall_url,
      "--client-id",
      point.clientId,
      "--client-secret",
      point.clientSecret,
      ...(at === "agent" ? ["--ca", caFile] : ["--insecure"]),
      "-o",
      "json",
    ]);

  /** Until the agent has taken what the portal wants now. */
  const untilApplied = () =>
    until("the agent has the wanted configuration", 30_000, async () => {
      const { items } = await portal.query<{
        items: { config: { wanted: number; applied: number | null } }[];
      }>("agents.list", { customer: CUSTOMER });
      return items.every(({ config }) => config.applied === config.wanted);
    });

  beforeAll(async () => {
    product = await Product.start(["--empty"]);
    portal = new Portal(product.ready.portal);
    await portal.signIn(product.ready.email, product.ready.password);
    ({ siteId } = await portal.mutate<{ siteId: string }>("customers.add", {
      name: "Castell & Daughters",
      slug: CUSTOMER,
      siteName: "London",
    }));
    const ticket = await portal.mutate<{ fileName: string; fileText: string }>("agents.issueOnboarding", {
      customer: CUSTOMER,
      siteId,
    });
    agent = await Agent.enrol(product, "127.0.0.2", ticket);
    await agent.run();
    await portal.mutate("syslog.add", {
      customer: CUSTOMER,
      siteId,
      name: "VPN gateway",
      senders: ["127.0.0.0/8"],
      speaksFor: ["10.20.0.0/16", "10.30.0.0/16"],
      baseConfiguration: "key-value",
    });
    const agents = await portal.query<{ items: { id: string }[] }>("agents.list", { customer: CUSTOMER });
    await portal.mutate("agents.setFirewallNames", {
      customer: CUSTOMER,
      id: agents.items[0]?.id,
      names: ["127.0.0.2"],
    });
    const first = await addPoint("HQ-FW0");
    const junos = await portal.query<{ ca: { pem: string } }>("points.junos", {
      customer: CUSTOMER,
      id: first.id,
    });
    caFile = path.join(product.dir, "srx-ca.pem");
    writeFileSync(caFile, junos.ca.pem);
    await untilApplied();
  });

  afterAll(async () => {
    for (const firewall of open) await firewall.stop();
    await webApi?.stop("SIGTERM");
    await agent?.kill("SIGTERM");
    const code = await product?.stop();
    if (product) expect(code).toBe(0);
  });

  it("tells one logon and its end in every built-in profile, each read by a reader of its own", async () => {
    const json = await atAgent(await addPoint("HQ-JSON"));
    const xml = await atAgent(await addPoint("HQ-XML", { profile: "userfw-xml" }), ["--profile", "xml"]);
    const old = await addPoint("HQ-OLD", { profile: "insight-v1" });
    await untilApplied();
    await vpnLine("logon", "alice", "10.20.1.1");
    await told(json, "10.20.1.1", "alice");
    await told(xml, "10.20.1.1", "alice");
    const asked = await runToEnd("srx ip", SIMULATOR, [
      "ip",
      "10.20.1.1",
      "--url",
      `https://${agent.firewall}`,
      "--client-id",
      old.clientId,
      "--client-secret",
      old.clientSecret,
      "--ca",
      caFile,
      "--profile",
      "insight",
      "--query-api",
      "user_query/v1",
      "-o",
      "json",
    ]);
    expect(asked.stdout).toContain("alice");
    await vpnLine("logoff", "alice", "10.20.1.1");
    await told(json, "10.20.1.1", undefined);
    await told(xml, "10.20.1.1", undefined);
  });

  it("serves a customer's own profile, and refuses one that could not work", async () => {
    const profiles = await portal.query<{ items: { id: string }[] }>("profiles.list", {
      customer: CUSTOMER,
    });
    expect(profiles.items.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["json-superset", "userfw-xml", "insight-v1"]),
    );
    await expect(
      portal.mutate("profiles.add", { customer: CUSTOMER, name: "Empty", text: "{}" }),
    ).resolves.toMatchObject({ kind: "refused", faults: [{ path: "body" }] });
    const builtIn = await portal.query<{ text: string }>("profiles.get", {
      customer: CUSTOMER,
      id: "json-superset",
    });
    const { profile } = await portal.mutate<{ profile: { id: string } }>("profiles.add", {
      customer: CUSTOMER,
      name: "Found at HQ",
      text: builtIn.text,
    });
    const firewall = await atAgent(await addPoint("HQ-OWN", { profile: profile.id }));
    await untilApplied();
    await vpnLine("logon", "bob", "10.20.1.2");
    await told(firewall, "10.20.1.2", "bob");
  });

  it("takes a captive-portal logon at the agent's door and at the cloud's, and tells both firewalls", async () => {
    const point = await addPoint("HQ-CAPTIVE", { mayReport: ["10.20.50.0/24"] });
    await untilApplied();
    const [here, there] = [await atAgent(point), await atCloud(point)];
    expect(
      (await report("agent", point, ["10.20.50.1", "--user", "carol", "--domain", "corp.example"])).code,
    ).toBe(0);
    await told(here, "10.20.50.1", "carol");
    await told(there, "10.20.50.1", "carol");
    expect(
      (await report("cloud", point, ["10.20.50.2", "--user", "dora", "--domain", "corp.example"])).code,
    ).toBe(0);
    await told(there, "10.20.50.2", "dora");
    await told(here, "10.20.50.2", "dora");
    await report("agent", point, ["10.20.50.2", "--state", "disconnect", "--user", "dora"]);
    await told(here, "10.20.50.2", undefined);
    await told(there, "10.20.50.2", undefined);
  });

  it("does not believe a firewall about an address it may not report", async () => {
    const point = await addPoint("HQ-LIAR", { mayReport: ["10.20.50.0/24"] });
    await untilApplied();
    const [here, there] = [await atAgent(point), await atCloud(point)];
    await report("agent", point, ["10.20.60.1", "--user", "mallory", "--domain", "corp.example"]);
    await report("cloud", point, ["10.20.60.2", "--user", "mallory", "--domain", "corp.example"]);
    // What comes after it is told: so what came before it would have been.
    await report("agent", point, ["10.20.50.9", "--user", "erin", "--domain", "corp.example"]);
    await told(here, "10.20.50.9", "erin");
    await told(there, "10.20.50.9", "erin");
    for (const firewall of [here, there])
      expect((await firewall.table()).filter((line) => line.user === "mallory")).toEqual([]);
  });

  it("posts to a firewall's Web API what a polling firewall is told, over TLS, and everything again on demand", async () => {
    const [apiPort, controlPort] = [await freePort(), await freePort()];
    webApiControl = `127.0.0.1:${controlPort}`;
    const authority = await createAuthority({
      commonName: "Castell devices",
      kind: "rsa2048",
      now: Date.now(),
    });
    const { certPem, keyPem } = await issueServerCertificate({
      authority,
      kind: "rsa2048",
      names: ["127.0.0.1"],
      now: Date.now(),
    });
    const files = {
      cert: path.join(product.dir, "webapi.pem"),
      key: path.join(product.dir, "webapi.key"),
      password: path.join(product.dir, "webapi.password"),
    };
    writeFileSync(files.cert, certPem);
    writeFileSync(files.key, keyPem, { mode: 0o600 });
    writeFileSync(files.password, WEB_API_PASSWORD, { mode: 0o600 });
    webApi = new Running("webapi-server", WEB_API, [
      "--listen",
      `127.0.0.1:${apiPort}`,
      "--control",
      webApiControl,
      "--user",
      "rollcall",
      "--password-file",
      files.password,
      "--cert",
      files.cert,
      "--key",
      files.key,
    ]);
    const held = async (): Promise<TableLine[]> =>
      (await (await fetch(`http://${webApiControl}/table`)).json()) as TableLine[];
    await until("the Web API is up", 20_000, async () => {
      if (!webApi.isRunning) throw new Hopeless(webApi.lastWords());
      return (await held()).length === 0;
    });

    const point = await addPoint("BRANCH-FW");
    await portal.mutate("points.setPush", {
      customer: CUSTOMER,
      id: point.id,
      push: {
        url: `https://127.0.0.1:${apiPort}`,
        user: "rollcall",
        password: WEB_API_PASSWORD,
        caPem: authority.certPem,
      },
    });
    await untilApplied();
    await vpnLine("logon", "frank", "10.20.70.1");
    await vpnLine("logon", "grace", "10.20.70.2");
    await until("frank and grace were posted", 20_000, async () => {
      const table = JSON.stringify(await held());
      return table.includes("frank") && table.includes("grace");
    });
    await vpnLine("logoff", "frank", "10.20.70.1");
    await until(
      "frank's end was posted",
      20_000,
      async () => !JSON.stringify(await held()).includes("frank"),
    );

    const again = await command(portal, CUSTOMER, { kind: "push-resync", enforcementPointId: point.id });
    expect(again.entries).toBeGreaterThan(0);
    const { value } = await until("the portal says how pushing goes", 40_000, async () => {
      const detail = await portal.query<{ push: { states: { state: string; entries: number }[] } }>(
        "points.get",
        { customer: CUSTOMER, id: point.id },
      );
      return detail.push.states.find((one) => one.state === "ok") ?? null;
    });
    expect(value.entries).toBeGreaterThan(0);
  });

  it("keeps the Web API's password out of the agent's folder in the clear, and out of its words", () => {
    const files = readdirSync(agent.stateDir, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    expect(files.map(({ name }) => name)).toContain("store.db");
    for (const { parentPath, name } of files)
      expect([name, readFileSync(path.join(parentPath, name)).includes(WEB_API_PASSWORD)]).toEqual([
        name,
        false,
      ]);
    expect(agent.lastWords()).not.toContain(WEB_API_PASSWORD);
  });

  it("names nobody at a marked address, says in the explanation which rule kept the logon back, and the mark can go again", async () => {
    const firewall = await atAgent(await addPoint("HQ-MARKS"));
    await vpnLine("logon", "heidi", "10.20.80.1");
    await told(firewall, "10.20.80.1", "heidi");
    const mark = await portal.mutate<{ id: string }>("marks.add", {
      customer: CUSTOMER,
      range: "10.20.80.1",
      mark: "multi-user",
      mode: "suppress",
    });
    await told(firewall, "10.20.80.1", undefined, 20_000);
    await vpnLine("logon", "ivan", "10.20.80.1");
    const answer = await until("the agent says what it kept back", 20_000, async () => {
      const result = await command(portal, CUSTOMER, { kind: "look-up-address", ip: "10.20.80.1" });
      const text = JSON.stringify(result);
      return text.includes("ivan") ? text : null;
    });
    expect(answer.value).toMatch(/mark/);
    expect(await firewall.at("10.20.80.1")).toBeUndefined();
    await portal.mutate("marks.remove", { customer: CUSTOMER, id: mark.id });
    await untilApplied();
    await vpnLine("logon", "judy", "10.20.80.1");
    await told(firewall, "10.20.80.1", "judy", 20_000);
  });

  it("refuses a firewall at both doors within 5 s of its secret's end", async () => {
    const point = await addPoint("HQ-REVOKED");
    await untilApplied();
    const [here, there] = [await atAgent(point), await atCloud(point)];
    await vpnLine("logon", "kate", "10.20.90.1");
    await told(here, "10.20.90.1", "kate");
    await told(there, "10.20.90.1", "kate");
    const detail = await portal.query<{ secrets: { id: string }[] }>("points.get", {
      customer: CUSTOMER,
      id: point.id,
    });
    await portal.mutate("points.revokeSecret", {
      customer: CUSTOMER,
      id: point.id,
      secretId: detail.secrets[0]?.id,
    });
    const isRefused = (at: string, firewall: Firewall) =>
      until(`refused at the ${at}`, 5_000, async () => (await firewall.counters()).tokenErrors > 0);
    await Promise.all([isRefused("agent", here), isRefused("cloud", there)]);
  });
});
