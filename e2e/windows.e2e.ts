import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labForTests } from "../infra/lab/lab.ts";
import {
  anEnumerate,
  anEventsMessage,
  ClientLab,
  eventXml,
  logonXml,
} from "../packages/collectors/src/wef/testing/index.ts";
import { freePort } from "../scripts/services/free-port.ts";
import { type EventServer, startEventServer } from "../tools/even6-server/src/event-server.ts";
import { readMoulds } from "../tools/even6-server/src/moulds.ts";
import { Person, whyNoBrowser } from "./browser.ts";
import { Portal } from "./portal.ts";
import { Product, variant } from "./product.ts";
import { Agent, Firewall, type TableLine } from "./site.ts";
import { until } from "./until.ts";

/**
 * Windows sources with the real processes: the event logs of two domain controllers, played by a test server from real
 * records, about people of a real directory; told to firewalls at the agent and at the cloud.
 */
const CUSTOMER = "meridian";
const RECORDS = path.resolve(
  import.meta.dirname,
  "../../shared/data/evtx/cc0-evtx-to-mitre/ID47x_4661-4662_5136_4688_4697-SAM_the_admin_CVE-2021-42287_.evtx",
);
const READER_PASSWORD = "Reader-Passw0rd";
const NEW_PASSWORD = "Reader-Passw0rd-2";
const hasRecords = existsSync(RECORDS);
if (!hasRecords) console.log(`windows.e2e.ts skips: there is no ${RECORDS}`);
const isRun = variant === "postgres" && hasRecords;
const hasBrowser = whyNoBrowser() === null;

let product: Product;
let portal: Portal;
let lab: Lab | null;
let siteId: string;
let agent: Agent;
let atAgent: Firewall;
let atCloud: Firewall;
let controllers: EventServer[];
let person: Person | null = null;
let credentialId: string;

interface Source {
  readonly id: string;
  readonly name: string;
  readonly health: { readonly state: string; readonly sentence: string };
}
const sources = async () =>
  (await portal.query<{ items: Source[] }>("eventSources.list", { customer: CUSTOMER })).items;
const credential = async () =>
  (
    await portal.query<{
      items: { id: string; state: string; sentence: string; usedBy: { name: string }[] }[];
    }>("credentials.list", { customer: CUSTOMER })
  ).items.find(({ id }) => id === credentialId);

/** What a domain controller writes when somebody logs on: a ticket, and at once the reading of policy. */
async function logOn(controller: EventServer, user: string, ip: string, minutesAgo = 0): Promise<void> {
  if (lab === null) return;
  const sid = await lab.sidOf(user);
  const at = (seconds: number) => new Date(Date.now() - minutesAgo * 60_000 + seconds * 1000).toISOString();
  controller.add("Security", {
    eventId: 4768,
    like: { Status: "0x0", PreAuthType: "2" },
    set: { TargetUserName: user, TargetDomainName: lab.netbios, TargetSid: sid, IpAddress: `::ffff:${ip}` },
    at: at(0),
  });
  controller.add("Security", {
    eventId: 4624,
    like: { LogonType: "3" },
    set: { TargetUserName: user, TargetDomainName: lab.netbios, TargetUserSid: sid, IpAddress: ip },
    at: at(1),
  });
}

/** Goes to a page, waits for what it is about, and looks at it in light, dark and narrow. Gives what is wrong with it. */
async function lookAt(name: string, at: string, shows: string | RegExp): Promise<readonly string[]> {
  if (person === null) return [];
  const { page } = person;
  await page.goto(`${product.ready.portal}/c/${CUSTOMER}${at}`);
  await page.getByText(shows).first().waitFor();
  return person.lookAround(name, { narrow: true });
}

const lineOf = (table: readonly TableLine[], ip: string) => table.find((line) => line.ip === ip);

/** Both firewalls are told the same of an address. */
async function untilTold(ip: string, user: string, group?: string): Promise<void> {
  await until(`${user} is at ${ip} for both firewalls`, 60_000, async () => {
    const lines = [lineOf(await atAgent.table(), ip), lineOf(await atCloud.table(), ip)];
    if (lines.every((line) => line?.user === user && (group === undefined || line.groups.includes(group))))
      return true;
    throw new Error(JSON.stringify(lines));
  });
}

describe.skipIf(!isRun)("Windows sources, end to end", () => {
  beforeAll(async () => {
    lab = await labForTests({ users: 60 });
    if (lab === null) return;
    product = await Product.start(["--empty"]);
    portal = new Portal(product.ready.portal);
    await portal.signIn(product.ready.email, product.ready.password);
    const { moulds } = readMoulds([RECORDS]);
    controllers = await Promise.all(
      ["dc1", "dc2"].map((name) =>
        startEventServer({
          computer: `${name}.${lab?.domain}`,
          channels: ["Security"],
          accounts: [{ user: "reader", password: READER_PASSWORD }],
          moulds,
          domain: lab?.netbios ?? "",
        }),
      ),
    );
    // What was written before anybody read it.
    if (controllers[0] !== undefined) await logOn(controllers[0], "u000001", "10.20.31.1", 20);

    siteId = (
      await portal.mutate<{ siteId: string }>("customers.add", {
        name: "Meridian Ltd",
        slug: CUSTOMER,
        adDomain: lab.domain,
        siteName: "Leeds",
      })
    ).siteId;
    const ticket = await portal.mutate<{ fileName: string; fileText: string }>("agents.issueOnboarding", {
      customer: CUSTOMER,
      siteId,
    });
    agent = await Agent.enrol(product, "127.0.0.2", ticket);
    await agent.run();
    await portal.mutate("directories.add", {
      customer: CUSTOMER,
      siteId,
      name: "dc1",
      host: lab.address,
      caPem: lab.caPem,
      bindUser: lab.readerUpn,
      password: lab.password,
    });
    credentialId = (
      await portal.mutate<{ id: string }>("credentials.add", {
        customer: CUSTOMER,
        name: "Event log reader",
        user: `${lab.netbios}\\reader`,
        password: READER_PASSWORD,
        allowNtlm: true,
      })
    ).id;
    for (const [index, controller] of controllers.entries())
      await portal.mutate("eventSources.add", {
        customer: CUSTOMER,
        siteId,
        name: `DC ${index + 1}`,
        kind: "domain-controller",
        host: "127.0.0.1",
        endpointMapperPort: controller.mapperPort,
        credentialId,
      });
    const point = await portal.mutate<{ id: string; clientId: string; clientSecret: string }>("points.add", {
      customer: CUSTOMER,
      siteId,
      name: "HQ-FW1",
      sourceAddresses: ["127.0.0.0/8"],
    });
    atAgent = await Firewall.start(`https://${agent.firewall}`, point.clientId, point.clientSecret, [
      "--insecure",
    ]);
    if (hasBrowser) {
      person = await Person.atTheDoor(product.ready.portal);
      const { page } = person;
      await page.getByLabel("E-mail").fill(product.ready.email);
      await page.getByLabel("Password", { exact: true }).fill(product.ready.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("heading", { name: "Customers", level: 1 }).waitFor();
    }
    atCloud = await Firewall.start(product.ready.gateway.firewall_url, point.clientId, point.clientSecret, [
      "--insecure",
    ]);
  });

  afterAll(async () => {
    await person?.leave();
    await atAgent?.stop();
    await atCloud?.stop();
    await agent?.kill("SIGTERM");
    await product?.stop();
    await Promise.all((controllers ?? []).map((controller) => controller.stop()));
    await lab?.stop();
  });

  it("tells both firewalls who logged on before and after the logs were read, with the groups of the directory", async (context) => {
    const [first, second] = controllers ?? [];
    if (lab === null || first === undefined || second === undefined) return context.skip();
    await untilTold("10.20.31.1", "u000001", "GG-Everyone");
    await logOn(first, "u000002", "10.20.31.2");
    await logOn(second, "u000003", "10.20.31.3");
    await untilTold("10.20.31.2", "u000002", "GG-Everyone");
    await untilTold("10.20.31.3", "u000003", "GG-Everyone");
    await until("both sources are well", 30_000, async () =>
      (await sources()).every(({ health }) => health.state === "ok"),
    );
  });

  it("goes on with a controller that went away and came back with a cleared log, and says that it was cleared", async (context) => {
    const [first] = controllers ?? [];
    if (lab === null || first === undefined) return context.skip();
    await first.stop();
    await until("the portal says that it is away", 60_000, async () =>
      (await sources()).some(({ name, health }) => name === "DC 1" && health.state === "bad"),
    );
    first.clear("Security");
    await logOn(first, "u000004", "10.20.31.4");
    await first.start();
    await untilTold("10.20.31.4", "u000004");
    await untilTold("10.20.31.2", "u000002");
    await until("the portal says that it was cleared", 60_000, async () =>
      (await sources()).some(({ health }) => /was cleared/.test(health.sentence)),
    );
  });

  it("shows a password that was changed under it twice and no more, names everybody who uses it, and goes on with the new one", async (context) => {
    const [first, second] = controllers ?? [];
    if (lab === null || first === undefined || second === undefined) return context.skip();
    const refusals = () => first.logins.refused + second.logins.refused;
    const before = refusals();
    for (const controller of controllers) {
      controller.setAccounts([{ user: "reader", password: NEW_PASSWORD }]);
      controller.dropConnections();
    }
    await until("the credential is paused, and the portal says for whom", 60_000, async () => {
      const found = await credential();
      return found?.state === "paused" && found.usedBy.length === 2;
    });
    expect(refusals() - before).toBe(2);
    const looks = [
      ...(await lookAt("credentials-paused", "/credentials", "Paused")),
      ...(await lookAt("credential-paused", `/credentials?id=${credentialId}`, "DC 2")),
    ];
    const [source] = await sources();
    looks.push(...(await lookAt("event-log-paused", `/events?id=${source?.id}`, /is paused/)));
    expect(looks).toEqual([]);
    await portal.mutate("credentials.update", {
      customer: CUSTOMER,
      id: credentialId,
      changes: { password: NEW_PASSWORD },
    });
    await logOn(second, "u000005", "10.20.31.5");
    await untilTold("10.20.31.5", "u000005");
    expect(refusals() - before).toBe(2);
  });

  it.skipIf(!hasBrowser)(
    "shows what is read of Windows, how to set more up, and what to hand over",
    async (context) => {
      if (lab === null || person === null) return context.skip();
      const { page } = person;
      const looks: string[] = [];
      const look = async (name: string, at: string, shows: string | RegExp) =>
        looks.push(...(await lookAt(name, at, shows)));
      const [source] = await sources();
      await look("events", "/events", "DC 1");
      await look("event-log", `/events?id=${source?.id}`, "Catch up");
      await look("event-log-form", "/events?add=true", "Rules, query and more");
      await page.getByText("Rules, query and more").click();
      await page.getByTestId("rule-list").waitFor();
      looks.push(...(await person.lookAround("event-log-rules", { narrow: true })));
      await look("credentials", "/credentials", "Event log reader");
      await look("credential-form", "/credentials?add=true", /^More$/);
      await page.getByText("More", { exact: true }).click();
      await page.getByText("Also log in with NTLM").waitFor();
      looks.push(...(await person.lookAround("credential-form-more", { narrow: true })));
      await look("forwarding-empty", "/forwarding", "do not forward their events");
      await look("probes-empty", "/probes", "no computer of this site is asked");
      await portal.mutate("probes.set", {
        customer: CUSTOMER,
        siteId,
        enabled: true,
        credentialIds: [credentialId],
        include: ["10.20.31.0/24"],
      });
      await look("probes", "/probes", "10.20.31.0/24");
      await look("probe-form", `/probes?edit=${siteId}`, "Addresses that may be asked");
      await portal.mutate("forwarding.set", {
        customer: CUSTOMER,
        siteId,
        host: "agent.example",
        clientCaPem: lab.caPem,
      });
      await look("forwarding", "/forwarding", /SubscriptionManager/);
      await look("handover", "/handover", "Ways to open");
      await look("settings-servers", "/settings", "Servers");
      const [found] = (await portal.query<{ items: { id: string }[] }>("agents.list", { customer: CUSTOMER }))
        .items;
      await page.goto(`${product.ready.portal}/c/${CUSTOMER}/agents/${found?.id}`);
      await page.getByRole("button", { name: "Examine everything" }).click();
      await page.getByText("A check failed at").waitFor({ timeout: 60_000 });
      looks.push(...(await person.lookAround("agent-examined", { narrow: true })));
      expect(looks).toEqual([]);
      expect(person.complaints).toEqual([]);
    },
  );

  it("believes a computer that forwards its events of itself alone: one that says what happened at another changes nothing there", async (context) => {
    if (lab === null) return context.skip();
    const { domain, netbios } = lab;
    const clients = new ClientLab(path.join(product.dir, "forwarders"));
    const ours = await clients.authority("ours");
    const port = await freePort();
    await portal.mutate("forwarding.set", {
      customer: CUSTOMER,
      siteId,
      host: "agent.example",
      port,
      clientCaPem: clients.text(ours.certificate),
    });
    const computer = async (name: string, address: string) => {
      const fullName = `${name}.${domain}`;
      const client = await clients.certificate(ours, {
        file: name,
        commonName: name,
        san: `DNS:${fullName}`,
      });
      let recordId = 0;
      return {
        fullName,
        async post(body: string): Promise<string> {
          const { status, body: answer } = await clients.post({
            url: `https://agent.example:${port}/wsman/SubscriptionManager/WEC`,
            ca: path.join(agent.stateDir, "own-authority.pem"),
            client,
            body,
            headers: ["Content-Type: application/soap+xml;charset=UTF-8"],
            // From where its user sits.
            more: ["--interface", address, "--resolve", `agent.example:${port}:10.20.0.1`],
          });
          if (status !== 200) throw new Error(`the agent answered ${status} to ${fullName}`);
          return answer.toString("utf8");
        },
        async forward(events: (recordId: number) => readonly string[]): Promise<void> {
          recordId += 10;
          const body = { identifier, events: events(recordId), recordId: String(recordId + 9) };
          await this.post(anEventsMessage(body));
        },
      };
    };
    const own = await computer("ws0011", "10.20.32.1");
    const other = await computer("ws0012", "10.20.32.2");
    const { value: identifier } = await until(
      "computers are told what to forward",
      60_000,
      async () => /<m:Version>uuid:([0-9A-F-]{36})</.exec(await own.post(anEnumerate()))?.[1],
    );
    const of = async (user: string) => ({
      TargetUserName: user,
      TargetDomainName: netbios,
      TargetUserSid: (await lab?.sidOf(user)) ?? "",
    });
    const [first, second, forged, next] = [
      await of("u000011"),
      await of("u000012"),
      await of("u000013"),
      await of("u000014"),
    ];
    const logon = (data: typeof first, at: string, recordId: number, agoMs = 0) =>
      logonXml(data.TargetUserName, { computer: at, recordId, time: Date.now() - agoMs, data });
    await own.forward((id) => [logon(first, own.fullName, id, 5000)]);
    await other.forward((id) => [logon(second, other.fullName, id, 5000)]);
    await untilTold("10.20.32.1", "u000011", "GG-Everyone");
    await untilTold("10.20.32.2", "u000012", "GG-Everyone");

    // What is true stands in one message with the lies: who is told of it is told all that came of them, and were they believed
    // of whoever sent them, it would not stand.
    await own.forward((id) => [
      logon(next, own.fullName, id, 2000),
      eventXml({
        eventId: 4647,
        computer: other.fullName,
        recordId: id + 1,
        time: Date.now() - 1000,
        data: { ...second, TargetLogonId: "0x1a2b3c" },
      }),
      logon(forged, other.fullName, id + 2),
    ]);
    await untilTold("10.20.32.1", "u000014");
    for (const firewall of [atAgent, atCloud]) {
      const table = await firewall.table();
      expect(lineOf(table, "10.20.32.2")?.user).toBe("u000012");
      expect(table.filter(({ user }) => user === "u000013")).toEqual([]);
    }
    const { sources: read } = (await agent.statusJson()) as {
      sources: readonly { kind: string; counters: Record<string, number> }[];
    };
    expect(read.find(({ kind }) => kind === "wef")?.counters.forged).toBe(2);
  });
});
