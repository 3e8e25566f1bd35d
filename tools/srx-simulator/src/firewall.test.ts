import { afterEach, describe, expect, it } from "vitest";
import { Firewall, type FirewallOptions, type Notice } from "./firewall.ts";
import { makeSelfSigned } from "./testing/self-signed.ts";
import { aLogoff, aLogon, TinyServer } from "./testing/tiny-server.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const tls = makeSelfSigned();

async function aServer(name = "one", withTls = false): Promise<TinyServer> {
  const server = await TinyServer.start(name, withTls ? tls : null);
  closing.push(() => server.stop());
  return server;
}

function credentials(server: TinyServer) {
  return { url: server.url, clientId: server.clientId, clientSecret: server.clientSecret };
}

function aFirewall(server: TinyServer, options: Partial<FirewallOptions> = {}): Firewall {
  const firewall = new Firewall({ primary: credentials(server), ...options });
  closing.push(() => firewall.stop());
  return firewall;
}

/** A clock that a test moves. */
class Clock {
  ms = Date.parse("2026-11-02T08:00:00Z");
  readonly now = () => this.ms;
  pass(ms: number): void {
    this.ms += ms;
  }
}

const users = (firewall: Firewall) => firewall.table().map(({ ip, user }) => `${ip} ${user}`);

describe("batch query", () => {
  it("holds user, domain, groups and device of each address it was told", async () => {
    const server = await aServer();
    server.tell(
      aLogon({ ip: "192.0.2.50", user: "alice", groups: ["engineering", "vpn-users"], device: "desk-7" }),
    );
    const clock = new Clock();
    const firewall = aFirewall(server, { now: clock.now });

    expect(await firewall.poll()).toEqual({ kind: "answered", role: "primary", pages: 1, reports: 1 });
    expect(firewall.table()).toEqual([
      {
        ip: "192.0.2.50",
        user: "alice",
        domain: "corp.example",
        groups: ["engineering", "vpn-users"],
        device: "desk-7",
        deviceGroups: [],
        deviceAttributes: {},
        source: "test",
        state: "Valid",
        since: "2025-10-09T08:53:20.000Z",
        updatedAt: "2026-11-02T08:00:00.000Z",
      },
    ]);
  });

  it("asks for everything first, then with the cookie instead of the time", async () => {
    const server = await aServer();
    server.tell(aLogon({ ip: "192.0.2.50", user: "alice" }));
    const firewall = aFirewall(server, { items: 150 });
    await firewall.poll();
    await firewall.poll();

    const asked = server
      .asked("batch")
      .map((request) => `${request.method} ${request.path}?${request.query}`);
    expect(asked).toEqual([
      "GET /user_query/v2/users/endpoints?begintime=0&entry_count=150",
      "GET /user_query/v2/users/endpoints?cookie=one.1&entry_count=150",
    ]);
  });

  it("asks again at once while pages are full, and ends on a short or empty one", async () => {
    const server = await aServer();
    for (let at = 0; at < 200; at++) server.tell(aLogon({ ip: `10.0.0.${at}`, user: `u${at}` }));
    const firewall = aFirewall(server, { items: 100 });

    expect(await firewall.poll()).toMatchObject({ pages: 3, reports: 200 });
    expect(firewall.table()).toHaveLength(200);
    expect(firewall.counters()).toMatchObject({ pages: 3, fullPages: 2, entries: 200 });
  });

  it("does not ask without end when a full page's cookie stands still", async () => {
    const server = await aServer();
    const page = { cookie: "stuck", report_entries: [aLogon({ ip: "10.0.0.1", user: "ana" })] };
    server.instead("batch", { body: JSON.stringify(page) });
    server.instead("batch", { body: JSON.stringify(page) });
    const firewall = aFirewall(server, { items: 1 });

    expect(await firewall.poll()).toMatchObject({ kind: "answered", pages: 2 });
  });

  it("takes the cookie from the header when the body has none", async () => {
    const server = await aServer();
    server.instead("batch", {
      body: JSON.stringify({ report_entries: [] }),
      headers: { "set-cookie": "report=one.0; Path=/user_query" },
    });
    const firewall = aFirewall(server);
    await firewall.poll();

    expect(firewall.cookie).toBe("one.0");
    expect(firewall.counters().servers[0]?.complaints).toEqual({});
  });

  it("keeps its cookie when an answer has none, and complains", async () => {
    const server = await aServer();
    const firewall = aFirewall(server);
    await firewall.poll();
    server.instead("batch", { body: JSON.stringify({ report_entries: [] }) });
    await firewall.poll();

    expect(firewall.cookie).toBe("one.0");
    expect(firewall.counters().servers[0]?.complaints).toEqual({ "a batch answer has no cookie": 1 });
  });

  it("sends extra parameters, such as a filter, as they are", async () => {
    const server = await aServer();
    const firewall = aFirewall(server, {
      primary: {
        ...credentials(server),
        parameters: [
          ["include-ip", "10.0.0.0/8"],
          ["include-ip", "192.0.2.0/24"],
        ],
      },
    });
    await firewall.poll();
    expect(server.asked("batch")[0]?.query.getAll("include-ip")).toEqual(["10.0.0.0/8", "192.0.2.0/24"]);
  });
});

describe("authentication table", () => {
  it("drops the entry at a logoff", async () => {
    const server = await aServer();
    server.tell(aLogon({ ip: "192.0.2.50", user: "alice" }), aLogon({ ip: "192.0.2.60", user: "bob" }));
    const firewall = aFirewall(server);
    await firewall.poll();
    server.tell(aLogoff("192.0.2.60", "bob"));
    await firewall.poll();

    expect(users(firewall)).toEqual(["192.0.2.50 alice"]);
    expect(firewall.counters().changes).toMatchObject({ logon: 2, logoff: 1 });
  });

  it("replaces all groups when the entry comes again, and keeps since when", async () => {
    const server = await aServer();
    server.tell(aLogon({ ip: "192.0.2.50", user: "alice", groups: ["a", "b"], at: 1_760_000_000 }));
    const firewall = aFirewall(server);
    await firewall.poll();
    server.tell(aLogon({ ip: "192.0.2.50", user: "Alice", groups: ["b", "c"], at: 1_760_000_420 }));
    await firewall.poll();

    expect(firewall.entry("192.0.2.50")).toMatchObject({
      groups: ["b", "c"],
      since: "2025-10-09T08:53:20.000Z",
    });
    expect(firewall.counters().changes).toMatchObject({ logon: 1, update: 1, repeat: 0 });
  });

  it("gives an address to the next user from that logon on", async () => {
    const server = await aServer();
    server.tell(aLogon({ ip: "192.0.2.50", user: "alice", at: 1_760_000_000 }));
    server.tell(aLogon({ ip: "::ffff:192.0.2.50", user: "bob", at: 1_760_000_100 }));
    const firewall = aFirewall(server);
    await firewall.poll();

    expect(firewall.table()).toHaveLength(1);
    expect(firewall.entry("192.0.2.50")).toMatchObject({ user: "bob", since: "2025-10-09T08:55:00.000Z" });
  });

  it("drops an entry that was not refreshed in time, when told to", async () => {
    const server = await aServer();
    server.tell(aLogon({ ip: "192.0.2.50", user: "alice" }));
    const clock = new Clock();
    const firewall = aFirewall(server, { now: clock.now, entryTimeoutMs: 60_000 });
    await firewall.poll();
    clock.pass(59_999);
    expect(users(firewall)).toEqual(["192.0.2.50 alice"]);
    clock.pass(1);
    expect(users(firewall)).toEqual([]);
  });
});

describe("token", () => {
  it.each(["form", "json", "basic"] as const)(
    "is fetched with credentials sent as %s",
    async (tokenStyle) => {
      const server = await aServer();
      const firewall = aFirewall(server, { primary: { ...credentials(server), tokenStyle } });
      expect(await firewall.poll()).toMatchObject({ kind: "answered" });
    },
  );

  it("is fetched anew on a 401, and the query goes again without turning to the secondary", async () => {
    const [one, two] = [await aServer("one"), await aServer("two")];
    const firewall = aFirewall(one, { secondary: credentials(two) });
    await firewall.poll();
    one.forgetTokens();

    expect(await firewall.poll()).toMatchObject({ kind: "answered", role: "primary" });
    expect(two.seen).toHaveLength(0);
    expect(firewall.counters().servers[0]).toMatchObject({
      tokenRequests: 2,
      tokenRenewals: 1,
      batchErrors: 0,
    });
  });

  it.each([600, "600"])("is fetched anew when its lifetime of %j s has passed", async (lifetime) => {
    const server = await aServer();
    server.tokenLifetimeSeconds = lifetime;
    const clock = new Clock();
    const firewall = aFirewall(server, { now: clock.now });
    await firewall.poll();
    clock.pass(599_000);
    await firewall.poll();
    expect(server.asked("token")).toHaveLength(1);
    clock.pass(1_000);
    await firewall.poll();
    expect(server.asked("token")).toHaveLength(2);
    expect(firewall.counters().servers[0]?.tokenRenewals).toBe(0);
  });

  it("is fetched once for queries that start together", async () => {
    const server = await aServer();
    const firewall = aFirewall(server);
    await Promise.all([firewall.poll(), firewall.queryIp("10.0.0.1"), firewall.queryIp("10.0.0.2")]);
    expect(server.asked("token")).toHaveLength(1);
  });

  it("that is refused as soon as issued is a fault, not an endless loop", async () => {
    const server = await aServer();
    server.instead("batch", { status: 401, body: '{"error":"invalid_token"}' });
    server.instead("batch", { status: 401, body: '{"error":"invalid_token"}' });
    const firewall = aFirewall(server);
    expect(await firewall.poll()).toMatchObject({ kind: "failed", faults: [{ code: "token-refused" }] });
    expect(server.asked("token")).toHaveLength(2);
  });

  it("refused for a wrong secret says so with a remedy, and never says the secret", async () => {
    const server = await aServer();
    const firewall = aFirewall(server, { primary: { ...credentials(server), clientSecret: "wr0ng" } });
    const outcome = await firewall.poll();
    expect(outcome).toMatchObject({ kind: "failed", faults: [{ code: "credentials-refused" }] });
    const fault = outcome.kind === "failed" ? outcome.faults[0] : undefined;
    expect(fault?.message).toBe(
      `ask ${server.url} for a token: the server refuses client "fw-a" (Unauthorized (401), invalid_client: unknown client or wrong secret)`,
    );
    expect(fault?.remedy).toContain("issue a new one on the enforcement point's page");
    expect(`${fault?.message} ${fault?.remedy}`).not.toContain("wr0ng");
  });
});

describe("two servers", () => {
  it("turns to the secondary when the primary fails, and back when it answers again", async () => {
    const [one, two] = [await aServer("one"), await aServer("two")];
    for (const server of [one, two]) server.tell(aLogon({ ip: "10.0.0.1", user: "ana" }));
    const clock = new Clock();
    const notices: Notice["kind"][] = [];
    const firewall = aFirewall(one, {
      secondary: credentials(two),
      probeIntervalMs: 15_000,
      now: clock.now,
      onNotice: ({ kind }) => notices.push(kind),
    });
    await firewall.poll();
    await one.stop();
    two.tell(aLogon({ ip: "10.0.0.2", user: "ben" }));

    expect(await firewall.poll()).toMatchObject({ kind: "answered", role: "secondary", reports: 2 });
    expect(two.asked("batch")[0]?.query.get("cookie")).toBe("one.1");
    expect(users(firewall)).toEqual(["10.0.0.1 ana", "10.0.0.2 ben"]);

    await one.resume();
    one.tell(aLogon({ ip: "10.0.0.2", user: "ben" }), aLogoff("10.0.0.1", "ana"));
    clock.pass(14_999);
    expect(await firewall.poll()).toMatchObject({ role: "secondary" });
    clock.pass(1);
    expect(await firewall.poll()).toMatchObject({ role: "primary", reports: 3 });
    expect(one.asked("batch").at(-1)?.query.get("cookie")).toBe("two.2");

    expect(users(firewall)).toEqual(["10.0.0.2 ben"]);
    expect(firewall.counters()).toMatchObject({ failOvers: 1, takeBacks: 1 });
    expect(notices).toEqual(["online", "fault", "failed-over", "taken-back"]);
  });

  it("goes on with the secondary when the primary's trial fails", async () => {
    const [one, two] = [await aServer("one"), await aServer("two")];
    const clock = new Clock();
    const firewall = aFirewall(one, { secondary: credentials(two), probeIntervalMs: 15_000, now: clock.now });
    await one.stop();
    await firewall.poll();
    clock.pass(15_000);
    expect(await firewall.poll()).toMatchObject({ kind: "answered", role: "secondary" });
    expect(firewall.counters()).toMatchObject({ failOvers: 1, takeBacks: 0 });
  });

  it("keeps its table when no server answers, and says each fault once", async () => {
    const [one, two] = [await aServer("one"), await aServer("two")];
    one.tell(aLogon({ ip: "10.0.0.1", user: "ana" }));
    const notices: string[] = [];
    const firewall = aFirewall(one, {
      secondary: credentials(two),
      onNotice: ({ kind }) => notices.push(kind),
    });
    await firewall.poll();
    await one.stop();
    await two.stop();

    // A connection that is cut and one that is refused are two different faults.
    for (let round = 0; round < 4; round++) expect(await firewall.poll()).toMatchObject({ kind: "failed" });
    expect(users(firewall)).toEqual(["10.0.0.1 ana"]);
    expect(notices.filter((kind) => kind === "fault").length).toBeLessThanOrEqual(3);
  });

  it.each([500, 503, 403, 404])("takes a batch query answered %i for failed", async (status) => {
    const [one, two] = [await aServer("one"), await aServer("two")];
    one.instead("batch", { status, body: "{}" });
    const firewall = aFirewall(one, { secondary: credentials(two) });
    expect(await firewall.poll()).toMatchObject({ role: "secondary" });
  });
});

describe("an answer that cannot be used", () => {
  it.each([
    ["not JSON", "<html>"],
    ["cut off", '{"cookie":"one.9","report_entries":[{"ip":"10.0.'],
    ["without a list", '{"cookie":"one.9"}'],
    ["not UTF-8", Buffer.from([0x7b, 0xff, 0x7d])],
  ])("(%s) is counted and changes neither table nor cookie", async (_what, body) => {
    const server = await aServer();
    server.tell(aLogon({ ip: "10.0.0.1", user: "ana" }));
    const firewall = aFirewall(server);
    await firewall.poll();
    server.instead("batch", { body });

    expect(await firewall.poll()).toMatchObject({ kind: "failed", faults: [{ code: "malformed-body" }] });
    expect(users(firewall)).toEqual(["10.0.0.1 ana"]);
    expect(firewall.cookie).toBe("one.1");
    expect(firewall.counters()).toMatchObject({ malformedBodies: 1, servers: [{ batchErrors: 1 }] });
  });

  it("in one entry rejects that entry only, and counts it", async () => {
    const server = await aServer();
    const contradictory = { ...aLogon({ ip: "10.0.0.2", user: "ben" }), username: "mallory" };
    server.tell(
      aLogon({ ip: "10.0.0.1", user: "ana" }),
      contradictory,
      aLogon({ ip: "10.0.0.3", user: "cho" }),
    );
    const firewall = aFirewall(server);
    await firewall.poll();

    expect(users(firewall)).toEqual(["10.0.0.1 ana", "10.0.0.3 cho"]);
    expect(firewall.counters()).toMatchObject({ rejectedEntries: 1, malformedBodies: 0 });
    expect(firewall.counters().servers[0]?.complaints).toEqual({ "two names of the user disagree": 1 });
  });

  it("is reported with the server's habit behind it: a connection closed without an answer", async () => {
    const server = await aServer();
    server.instead("token", "hang-up");
    expect(await aFirewall(server).poll()).toMatchObject({
      kind: "failed",
      faults: [{ code: "unreachable" }],
    });
  });
});

describe("IP query", () => {
  it("enters a known address into the table", async () => {
    const server = await aServer();
    server.tell(aLogon({ ip: "192.0.2.50", user: "alice", groups: ["vpn"] }));
    const firewall = aFirewall(server);
    expect(await firewall.queryIp("192.0.2.50")).toMatchObject({ kind: "known", entry: { user: "alice" } });
    expect(server.asked("ip")[0]).toMatchObject({ method: "GET", path: "/user_query/v2/ip/192.0.2.50" });
  });

  it("holds an unknown address as Invalid until the next logon there, or half an hour", async () => {
    const server = await aServer();
    const clock = new Clock();
    const firewall = aFirewall(server, { now: clock.now });
    expect(await firewall.queryIp("192.0.2.9")).toEqual({ kind: "unknown", role: "primary" });
    expect(firewall.entry("192.0.2.9")).toMatchObject({ state: "Invalid", user: "" });
    clock.pass(30 * 60_000);
    expect(firewall.table()).toEqual([]);

    await firewall.queryIp("192.0.2.9");
    server.tell(aLogon({ ip: "192.0.2.9", user: "dan" }));
    await firewall.poll();
    expect(firewall.entry("192.0.2.9")).toMatchObject({ state: "Valid", user: "dan" });
  });

  it("counts a device without a person, at an address unknown before, as a logon there", async () => {
    const server = await aServer();
    const firewall = aFirewall(server);
    await firewall.queryIp("192.0.2.75");
    server.tell({
      ...aLogon({ ip: "192.0.2.75", user: "", device: "kiosk-3" }),
      domain: "",
      "domain-name": "",
    });
    await firewall.poll();

    expect(firewall.entry("192.0.2.75")).toMatchObject({
      state: "Valid",
      device: "kiosk-3",
      since: "2025-10-09T08:53:20.000Z",
    });
  });

  it("takes 404 for an unknown address", async () => {
    const server = await aServer();
    server.instead("ip", { status: 404, body: "" });
    expect(await aFirewall(server).queryIp("192.0.2.9")).toMatchObject({ kind: "unknown" });
  });

  it("does not take another address's entry for the one it asked about", async () => {
    const server = await aServer();
    server.instead("ip", {
      body: JSON.stringify({ report_entries: [aLogon({ ip: "192.0.2.1", user: "eve" })] }),
    });
    const firewall = aFirewall(server);
    expect(await firewall.queryIp("192.0.2.9")).toMatchObject({ kind: "unknown" });
    expect(firewall.entry("192.0.2.1")).toBeUndefined();
  });
});

describe("TLS", () => {
  const withServer = async (tlsOptions: Partial<FirewallOptions["primary"]>) => {
    const server = await aServer("one", true);
    return aFirewall(server, { primary: { ...credentials(server), ...tlsOptions } }).poll();
  };

  it("does not talk to a server whose certificate it does not trust, and says how to trust it", async () => {
    const outcome = await withServer({});
    expect(outcome).toMatchObject({ kind: "failed", faults: [{ code: "tls-untrusted" }] });
    expect(outcome.kind === "failed" && outcome.faults[0]?.remedy).toContain("--ca FILE");
  });

  it("trusts the CA it is given", async () => {
    expect(await withServer({ ca: tls.certPem })).toMatchObject({ kind: "answered" });
  });

  it("checks the name it is given", async () => {
    expect(await withServer({ ca: tls.certPem, serverName: "firewall.test" })).toMatchObject({
      kind: "answered",
    });
    const outcome = await withServer({ ca: tls.certPem, serverName: "other.test" });
    expect(outcome).toMatchObject({ kind: "failed", faults: [{ code: "tls-untrusted" }] });
  });

  it("takes any certificate when told to, as an SRX without a ca-profile", async () => {
    expect(await withServer({ insecure: true })).toMatchObject({ kind: "answered" });
  });

  it("says so when the port speaks plain HTTP", async () => {
    const server = await aServer();
    const url = server.url.replace("http:", "https:");
    const outcome = await aFirewall(server, { primary: { ...credentials(server), url } }).poll();
    expect(outcome).toMatchObject({ kind: "failed", faults: [{ code: "tls-mismatch" }] });
  });

  it("says so when the port speaks TLS and the URL does not", async () => {
    const server = await aServer("one", true);
    const url = server.url.replace("https:", "http:");
    const outcome = await aFirewall(server, { primary: { ...credentials(server), url } }).poll();
    expect(outcome).toMatchObject({ kind: "failed", faults: [{ code: "unreachable" }] });
    expect(outcome.kind === "failed" && outcome.faults[0]?.remedy).toContain("https://");
  });
});

describe("a running firewall", () => {
  it("polls until it is stopped, and lets a test wait for what it wishes", async () => {
    const server = await aServer();
    const firewall = aFirewall(server, { intervalMs: 5 });
    const running = firewall.start();
    server.tell(aLogon({ ip: "10.0.0.1", user: "ana" }));
    await firewall.until((table) => table.some(({ user }) => user === "ana"), { timeoutMs: 10_000 });
    server.tell(aLogoff("10.0.0.1", "ana"));
    await firewall.until((table) => table.length === 0, { timeoutMs: 10_000 });
    await firewall.stop();
    await firewall.stop();
    await running;
  });

  it("tells what the table held when the wish was not met in time", async () => {
    const firewall = aFirewall(await aServer(), { intervalMs: 5 });
    void firewall.start();
    await expect(firewall.until((table) => table.length > 0, { timeoutMs: 50 })).rejects.toThrow(
      "the table is not as wished after 50 ms; it holds []",
    );
  });
});
