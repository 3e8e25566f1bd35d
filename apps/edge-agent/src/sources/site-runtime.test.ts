import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { siteConfig } from "@rollcall/agent-protocol";
import { FakeDirectory } from "@rollcall/collectors/directory/testing";
import { FakeEventLog } from "@rollcall/collectors/event-log/testing";
import { createSyslogListener } from "@rollcall/collectors/syslog";
import { anEvent, fieldsOfReal } from "@rollcall/event-rules/testing";
import { aLogon, ip } from "@rollcall/identity-core/testing";
import { silentLogger } from "@rollcall/observability";
import { freePort } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { createGroupCommit, type GroupCommit } from "../pipeline/group-commit.ts";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import { systemClock } from "../supervisor/clock.ts";
import { withKeeper } from "../testing/pipeline-lab.ts";
import { eventually } from "../testing/uplink-lab.ts";
import { effectiveSite } from "./effective-site.ts";
import { createSiteRuntime, type SiteRuntime } from "./site-runtime.ts";

const log = silentLogger;

interface Lab {
  readonly site: SiteRuntime;
  readonly keeper: TableKeeper;
  readonly commits: GroupCommit;
  readonly folder: string;
  /** The event log of every server. */
  readonly events: FakeEventLog;
  /** Applies a configuration of the local file. */
  applyLocal(parts: object): Promise<void>;
  applyPortal(parts: object): Promise<void>;
}

function withSite(work: (lab: Lab) => Promise<void>): Promise<void> {
  return withKeeper(async ({ keeper, file }) => {
    const commits = createGroupCommit({ keeper, clock: systemClock, log, reopen: () => undefined });
    const syslog = createSyslogListener({ udp: null, tcp: null, sources: [], now: Date.now, log });
    const events = new FakeEventLog();
    const site = createSiteRuntime({
      keeper,
      commits,
      clock: systemClock,
      random: () => 0,
      log,
      door: null,
      syslog,
      secrets: () => ({ identity: null }),
      eventLogWire: ({ host }) => ({
        port: events,
        decode: events.decode,
        test: async () => [{ name: "Name", ok: true, detail: host }],
        askClockOffset: async () => 0,
      }),
    });
    const signal = new AbortController().signal;
    await commits.start(signal);
    await site.start(signal);
    const folder = path.dirname(file);
    writeFileSync(path.join(folder, "password"), "x", { mode: 0o600 });
    const parse = (parts: object) =>
      siteConfig.parse({ addressSpaces: [{ id: "main", name: "Main" }], ...parts });
    try {
      await work({
        site,
        keeper,
        commits,
        folder,
        events,
        applyLocal: (parts) => site.apply(effectiveSite(null, parse(parts), path.join(folder, "site.yaml"))),
        applyPortal: (parts) => site.apply(effectiveSite(parse(parts), null, null)),
      });
    } finally {
      await site.stop();
      await commits.stop();
    }
  }, Date.now);
}

const directory = (id: string, port: number, parts: object = {}) => ({
  id,
  name: `Directory ${id}`,
  host: "127.0.0.1",
  port,
  tls: "none",
  bindUser: "reader",
  bindPassword: { file: "password" },
  ...parts,
});

/** Accepts connections, says nothing, and counts those who come. */
async function silentServer(): Promise<{
  readonly port: number;
  readonly seen: () => number;
  close(): void;
}> {
  let count = 0;
  const server: Server = createServer((socket) => {
    count += 1;
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    seen: () => count,
    close: () => server.close(),
  };
}

describe("the running site", () => {
  it("ends, in steps, the sessions of accounts that a filter of the next configuration keeps back", () =>
    withSite(async ({ applyLocal, keeper, commits }) => {
      const vpn = {
        id: "vpn",
        name: "VPN",
        senders: ["192.0.2.1"],
        addressSpaceId: "main",
        speaksFor: ["10.0.0.0/8"],
      };
      await applyLocal({ syslogSources: [vpn] });
      const observations = Array.from({ length: 600 }, (_, n) =>
        aLogon({
          user: n % 2 === 0 ? `svc-${n}` : `ana-${n}`,
          ip: `10.0.${n >> 8}.${n & 255}`,
          space: "main",
          source: "vpn",
          at: Date.now(),
        }),
      );
      await commits.submit({ observations, facts: [], bookmark: null, origin: "site" });
      expect(keeper.table.countPeople().people).toBe(600);
      const filters = [{ id: "svc", kind: "principal-exclude", pattern: "^svc-" }];
      await applyLocal({ syslogSources: [vpn], filters });
      await eventually("the accounts have left", () => keeper.table.countPeople().people === 300);
    }));

  it("knows the people of a directory while it is read anew beside another, and those of a removed one no more", () =>
    withSite(async ({ site, applyLocal }) => {
      const server = new FakeDirectory();
      server.password = "x";
      await server.open();
      const silent = await silentServer();
      try {
        server.addUser(1101, "ana");
        const named = () => site.books().flatMap((book) => book.claiming(["corp.example\\ana"]));
        const main = directory("ad", server.port, { pollSeconds: 3600 });
        await applyLocal({ directories: [main] });
        await eventually("the directory has told of her", () => named().length === 1);

        // Read anew from a server that says nothing yet.
        await applyLocal({ directories: [directory("ad", silent.port), directory("other", silent.port)] });
        expect(named().map(({ directoryId, name }) => [directoryId, name])).toEqual([["ad", "ana"]]);

        await applyLocal({ directories: [main, directory("other", silent.port)] });
        server.remove(1101);
        await eventually("it has been read again", () => site.books().length === 2 && named().length === 0);

        await applyLocal({ directories: [directory("other", silent.port)] });
        expect(named()).toEqual([]);
      } finally {
        silent.close();
        await server.close();
      }
    }));

  it("starts a directory that is added and stops one that is removed, without a restart", () =>
    withSite(async ({ site, applyLocal }) => {
      const server = await silentServer();
      await applyLocal({});
      expect(site.sourceHealth()).toEqual([]);
      await applyLocal({ directories: [directory("d1", server.port)] });
      await eventually("the directory is asked", () => server.seen() > 0);
      expect(site.sourceHealth().map(({ id, kind }) => [id, kind])).toEqual([["d1", "directory"]]);
      await applyLocal({ directories: [] });
      expect(site.sourceHealth()).toEqual([]);
      expect(site.ownSources().size).toBe(0);
      server.close();
    }));

  it("says with its remedy that a directory's server is gone", () =>
    withSite(async ({ site, applyLocal }) => {
      await applyLocal({ directories: [directory("d1", await freePort())] });
      await eventually("it is broken", () => site.sourceHealth()[0]?.state === "broken");
      expect(site.sourceHealth()[0]?.sentence).toMatch(/127\.0\.0\.1/);
    }));

  it("does not let the portal switch off the check of a directory's certificate, and says where that can be done", () =>
    withSite(async ({ site, applyPortal, applyLocal }) => {
      const server = await silentServer();
      const unchecked = directory("d1", server.port, { dangerouslyTrustAnyCertificate: true });
      await applyPortal({ directories: [{ ...unchecked, bindPassword: { sealed: [] } }] });
      expect(site.sourceHealth()).toMatchObject([
        {
          id: "d1",
          state: "broken",
          sentence: expect.stringContaining("only by its own configuration file"),
        },
      ]);
      expect((await site.test("directory", "d1", new AbortController().signal))?.[0]).toMatchObject({
        ok: false,
      });
      expect(server.seen()).toBe(0);
      await applyLocal({ directories: [unchecked] });
      await eventually("the local file may", () => server.seen() > 0);
      server.close();
    }));

  it("does not send a file of this machine to a server because the portal asks for it", () =>
    withSite(async ({ site, applyPortal }) => {
      const server = await silentServer();
      await applyPortal({
        directories: [directory("d1", server.port, { bindPassword: { file: "/etc/passwd" } })],
      });
      await eventually("it is broken", () => site.sourceHealth()[0]?.state === "broken");
      expect(site.sourceHealth()).toMatchObject([
        {
          state: "broken",
          sentence: expect.stringContaining("only be named in the agent's own configuration file"),
        },
      ]);
      expect(server.seen()).toBe(0);
      server.close();
    }));

  it("tests a source step by step, and has nothing to test where there is no such source", () =>
    withSite(async ({ site, applyLocal }) => {
      const { signal } = new AbortController();
      await applyLocal({
        directories: [directory("d1", await freePort())],
        syslogSources: [{ id: "vpn", name: "VPN", senders: ["10.0.0.1"], addressSpaceId: "main" }],
      });
      expect((await site.test("directory", "d1", signal))?.at(-1)).toMatchObject({
        name: "Port",
        ok: false,
        remedy: expect.any(String),
      });
      expect(await site.test("syslog", "vpn", signal)).toMatchObject([
        { name: "listener", ok: false },
        { name: "lines", ok: false, remedy: expect.stringContaining("Point the sender") },
        expect.anything(),
        expect.anything(),
      ]);
      expect([await site.test("syslog", "d1", signal), await site.test("directory", "vpn", signal)]).toEqual([
        null,
        null,
      ]);
    }));

  const eventSource = (id: string, parts: object = {}) => ({
    id,
    name: `Log ${id}`,
    kind: "domain-controller",
    host: `${id}.corp.example`,
    addressSpaceId: "main",
    credentialId: "reader",
    ...parts,
  });
  const ticket = (name: string, minutesAgo: number) =>
    anEvent({
      eventId: 4768,
      time: Date.now() - minutesAgo * 60_000,
      data: fieldsOfReal(4768, { TargetUserName: name, TargetSid: "" }),
    });

  it("reads an event log into the table, goes on where it was after a restart, and knows the server's own address", () =>
    withSite(async ({ site, keeper, events, applyLocal }) => {
      events.add(ticket("alice", 5), anEvent({ eventId: 4688, time: Date.now() }));
      await applyLocal({ eventSources: [eventSource("dc1")] });
      await eventually("alice is known", () => keeper.table.countPeople().people === 1);
      await eventually("the bookmark is kept", () => keeper.store.bookmarkOf("dc1") !== null);
      expect(JSON.parse(keeper.store.bookmarkOf("dc1") ?? "")).toMatchObject({
        channel: "Security",
        record: "2",
      });
      expect(site.sourceHealth()).toMatchObject([
        { id: "dc1", kind: "event-log", counters: { received: 2, matched: 1, "ignored.no-rule": 1 } },
      ]);
      // Another setting of the source is another reader: it goes on behind the bookmark.
      events.add(ticket("bob", 1));
      await applyLocal({ eventSources: [eventSource("dc1", { rulesOff: ["event:4770"] })] });
      await eventually(
        "bob is there",
        () => keeper.table.entryOf("main", ip("10.0.0.7"))?.user?.name === "bob",
      );
      expect(events.followed.at(-1)).toEqual({ kind: "after", recordNumber: 2n });
      expect([...site.ownSources()]).toEqual(["dc1"]);
      // The server that the fake stands for is found at 10.0.0.1.
      expect(keeper.table.liveCount).toBe(1);
    }));

  it("obeys no event rule that is off for the source, or for the customer whatever the source says", () =>
    withSite(async ({ site, keeper, events, applyLocal }) => {
      const counter = (name: string) => site.sourceHealth()[0]?.counters[name];
      events.add(ticket("alice", 5));
      await applyLocal({ eventSources: [eventSource("dc1", { rulesOff: ["event:4768"] })] });
      await eventually("it is left out by the source", () => counter("ignored.rule-off") === 1);
      events.add(ticket("bob", 4));
      const settings = { eventRulesOff: ["event:4768"] };
      await applyLocal({ settings, eventSources: [eventSource("dc1", { rulesOn: ["event:4768"] })] });
      await eventually("it is left out by the customer", () => counter("ignored.rule-off") === 1);
      events.add(ticket("cho", 3));
      await applyLocal({ eventSources: [eventSource("dc1")] });
      await eventually("cho is there", () => keeper.table.countPeople().people === 1);
      expect(keeper.table.entryOf("main", ip("10.0.0.7"))?.user?.name).toBe("cho");
    }));

  it("leaves an event log in peace while something else of the configuration changes, and stops one that is switched off", () =>
    withSite(async ({ site, events, applyLocal }) => {
      await applyLocal({ eventSources: [eventSource("dc1")] });
      await eventually("it is read", () => events.waiting === 1);
      await applyLocal({ eventSources: [eventSource("dc1"), eventSource("dc2")] });
      await eventually("both are read", () => events.waiting === 2);
      expect(events.connections).toBe(2);
      await applyLocal({ eventSources: [eventSource("dc1"), eventSource("dc2", { enabled: false })] });
      expect(site.sourceHealth().map(({ id, state }) => [id, state])).toEqual([
        ["dc1", "never"],
        ["dc2", "off"],
      ]);
      expect(events.connections).toBe(2);
      const { signal } = new AbortController();
      expect(await site.test("event-log", "dc1", signal)).toEqual([
        { name: "Name", ok: true, detail: "dc1.corp.example" },
      ]);
      expect(await site.test("event-log", "dc2", signal)).toMatchObject([
        { ok: false, remedy: "Enable the source." },
      ]);
      expect(await site.test("event-log", "dc3", signal)).toBeNull();
    }));

  it("ends whoever stands at an address that is infrastructure from now on", () =>
    withSite(async ({ keeper, events, applyLocal }) => {
      events.add(ticket("alice", 5));
      await applyLocal({ eventSources: [eventSource("dc1")] });
      await eventually("alice is known", () => keeper.table.countPeople().people === 1);
      await applyLocal({
        eventSources: [eventSource("dc1")],
        settings: { infrastructure: ["10.0.0.0/24"] },
      });
      await eventually("nobody is named there", () => keeper.table.countPeople().people === 0);
    }));

  it("changes over in the order it was told to, whatever is still being changed", () =>
    withSite(async ({ site, applyLocal }) => {
      await Promise.all(
        [1, 2, 3, 4].map((n) =>
          applyLocal({
            version: n,
            syslogSources: [{ id: `s${n}`, name: "S", senders: ["10.0.0.1"], addressSpaceId: "main" }],
          }),
        ),
      );
      expect([...site.ownSources()]).toEqual(["s4"]);
      expect(site.sourceHealth().map(({ id }) => id)).toEqual(["s4"]);
    }));
});
