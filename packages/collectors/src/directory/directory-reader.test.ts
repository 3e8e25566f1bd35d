import type { PrincipalFacts } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoginPort, LoginUnanswered } from "../login-port.ts";
import { openLogin } from "../testing/open-login.ts";
import type { DirectoryConfig } from "./directory-config.ts";
import { createDirectoryReader, type DirectoryReader } from "./directory-reader.ts";
import { PrincipalBook } from "./principal-book.ts";
import type { FindServers } from "./server-choice.ts";
import { FakeDirectory } from "./testing/fake-directory.ts";

let directory: FakeDirectory;
const ending: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = new FakeDirectory();
  directory.addGroup(513, "Domain Users", []);
  await directory.open();
});
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
  await directory.close();
});

/** A reader whose pauses are ended by the test, one by one. */
class Harness {
  readonly reader: DirectoryReader;
  readonly waits: number[] = [];
  readonly facts = new Map<string, PrincipalFacts>();
  readonly told: PrincipalFacts[][] = [];
  now = 1_000_000;
  #goOn: (() => void) | null = null;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;

  constructor(
    overrides: Partial<DirectoryConfig> = {},
    password: string = "right",
    book?: PrincipalBook,
    login: LoginPort = openLogin("reader@corp.example", password),
    findServers: FindServers = async () => [],
  ) {
    this.reader = createDirectoryReader({
      config: {
        id: "dir-1",
        name: "Corp",
        host: "127.0.0.1",
        port: directory.port,
        tls: "none",
        dangerouslyTrustAnyCertificate: false,
        pollSeconds: 30,
        pageSize: 50,
        servers: [],
        bind: "simple",
        maxQueriesPerSecond: 1000,
        ...overrides,
      },
      login,
      now: () => this.now,
      log: silentLogger,
      findServers,
      random: () => 1,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          this.waits.push(ms);
          this.#goOn = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true });
        }),
      ...(book === undefined ? {} : { book }),
    });
    this.#done = this.#run();
    ending.push(() => this.stop());
  }

  get health() {
    const [health] = this.reader.health();
    if (health === undefined) throw new Error("a reader has one health");
    return health;
  }

  /** Waits until the reader pauses for the n-th time, then lets time pass. */
  async paused(times: number): Promise<void> {
    while (this.waits.length < times) await new Promise((resolve) => setImmediate(resolve));
  }

  async next(ms = 30_000): Promise<PrincipalFacts[]> {
    const before = this.waits.length;
    const told = this.told.length;
    this.now += ms;
    this.#goOn?.();
    await this.paused(before + 1);
    return this.told.slice(told).flat();
  }

  /** Somebody logs on, and the reader takes the time it gathers in. */
  async logOn(...sids: readonly string[]): Promise<PrincipalFacts[]> {
    const before = this.waits.length;
    for (const sid of sids) this.reader.noteLogon(sid);
    await this.paused(before + 1);
    return this.next(250);
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#done;
  }

  factsOf(name: string): PrincipalFacts | undefined {
    return [...this.facts.values()].find((facts) => facts.name === name);
  }

  async #run(): Promise<void> {
    for await (const batch of this.reader.collect({ after: null, signal: this.#end.signal })) {
      this.told.push([...batch.facts]);
      for (const facts of batch.facts) this.facts.set(facts.key, facts);
    }
  }
}

async function started(...args: ConstructorParameters<typeof Harness>): Promise<Harness> {
  const harness = new Harness(...args);
  await harness.paused(1);
  return harness;
}

describe("the directory reader", () => {
  it("keeps of service names only whether a computer takes remote desktop connections and an account has any", async () => {
    const book = new PrincipalBook();
    directory.addUser(1103, "svc", {
      servicePrincipalName: ["MSSQLSvc/sql1.corp.example:1433"],
      userAccountControl: ["66048"],
    });
    directory.addUser(1104, "ana");
    directory.addUser(1105, "RDS1$", {
      sAMAccountType: ["805306369"],
      servicePrincipalName: ["HOST/RDS1", "termsrv/RDS1.corp.example"],
    });
    directory.addUser(1106, "PC7$", {
      sAMAccountType: ["805306369"],
      servicePrincipalName: ["HOST/PC7", "RestrictedKrbHost/TERMSRV"],
    });
    const asked: (readonly [string, boolean])[] = [];
    book.setHostMarks(({ dn, hasRemoteDesktopName }) => {
      asked.push([dn.split(",", 1)[0] ?? "", hasRemoteDesktopName]);
      return null;
    });
    await started({}, "right", book);
    const sid = (rid: number) => `S-1-5-21-1-2-3-${rid}`;
    expect(book.accountOf(sid(1103))).toEqual({ hasServiceName: true, isPasswordForever: true });
    expect(book.accountOf(sid(1104))).toEqual({ hasServiceName: false, isPasswordForever: false });
    expect(new Map(asked)).toEqual(
      new Map([
        ["CN=RDS1$", true],
        ["CN=PC7$", false],
      ]),
    );
  });

  it("tells of everybody once, with nested groups, and then says nothing while nothing changes", async () => {
    directory.addUser(1103, "ana", { userPrincipalName: ["ana.l@corp.example"], displayName: ["Ana L"] });
    directory.addGroup(1200, "Sales", [1103]);
    directory.addGroup(1201, "Staff", [1200]);
    const harness = await started();
    expect(harness.told.flat()).toEqual([
      {
        key: "S-1-5-21-1-2-3-1103",
        kind: "user",
        directoryId: "dir-1",
        asOf: 1_000_000,
        aliases: [
          "s-1-5-21-1-2-3-1103",
          "corp.example\\ana",
          "corp\\ana",
          "ana@corp.example",
          "ana.l@corp.example",
          "ana",
        ],
        domain: "corp.example",
        netbiosDomain: "CORP",
        name: "ana",
        upn: "ana.l@corp.example",
        displayName: "Ana L",
        groups: ["Domain Users", "Sales", "Staff"],
        enabled: true,
      },
    ]);
    const searches = directory.searches;
    expect(await harness.next()).toEqual([]);
    // Nothing was written, so nothing but the update number was asked for.
    expect(directory.searches - searches).toBe(1);
    expect(harness.health).toMatchObject({
      state: "ok",
      sentence:
        "1 users, 0 devices and 3 groups of corp.example; deletions are found by listing everything, for the account may not see deleted objects",
    });
  });

  it("reads on after an empty page that says there is more", async () => {
    directory.sendsEmptyPages = true;
    for (let rid = 2000; rid < 2180; rid += 1) directory.addUser(rid);
    const harness = await started();
    expect(harness.facts.size).toBe(180);
  });

  it("reads members that come in pieces, to the last one", async () => {
    directory.memberLimit = 15;
    const rids = Array.from({ length: 100 }, (_, index) => 2000 + index);
    for (const rid of rids) directory.addUser(rid);
    directory.addGroup(1200, "Everyone", rids);
    const harness = await started();
    expect([...harness.facts.values()].filter(({ groups }) => groups.includes("Everyone"))).toHaveLength(100);
  });

  it("tells only of those whom a group change concerns", async () => {
    directory.addUser(1103, "ana");
    directory.addUser(1104, "ben");
    directory.addGroup(1200, "Sales", [1103]);
    const harness = await started();
    directory.addGroup(1200, "Sales", [1104]);
    const told = (await harness.next()).map(({ name, groups }) => [name, groups] as const);
    expect(told.sort(([left], [right]) => left.localeCompare(right))).toEqual([
      ["ana", ["Domain Users"]],
      ["ben", ["Domain Users", "Sales"]],
    ]);
    expect(harness.health.counters).toMatchObject({ fullReads: 1, incrementalReads: 1 });
  });

  it("tells of a deleted user as not enabled, where it may see deleted objects and where it may not", async () => {
    for (const canSeeDeleted of [true, false]) {
      directory.addUser(1103, "ana");
      directory.addUser(1199, "gone");
      directory.canSeeDeleted = canSeeDeleted;
      if (canSeeDeleted) directory.remove(1199);
      const harness = await started();
      directory.remove(1103);
      expect(await harness.next()).toMatchObject([{ name: "ana", enabled: false, groups: [] }]);
      expect(harness.health.counters.deletionListings).toBe(canSeeDeleted ? 0 : 1);
      await harness.stop();
    }
  });

  it("notices one that it may no longer see", async () => {
    directory.addUser(1103, "ana");
    const harness = await started();
    directory.hide(1103);
    expect(await harness.next()).toMatchObject([{ name: "ana", enabled: false }]);
  });

  it("tells of a disabled account, and of one enabled again", async () => {
    directory.addUser(1103, "ana");
    const harness = await started();
    directory.change(1103, { userAccountControl: ["514"] });
    expect(await harness.next()).toMatchObject([{ name: "ana", enabled: false, groups: ["Domain Users"] }]);
    directory.change(1103, { userAccountControl: ["512"] });
    expect(await harness.next()).toMatchObject([{ name: "ana", enabled: true }]);
  });

  it("ends an account at its date, though no object changes then", async () => {
    const filetime = (BigInt(1_000_000 + 45_000) + 11_644_473_600_000n) * 10_000n;
    directory.addUser(1103, "ana", { accountExpires: [String(filetime)] });
    const harness = await started();
    expect(harness.factsOf("ana")?.enabled).toBe(true);
    expect(await harness.next()).toEqual([]);
    expect(await harness.next()).toMatchObject([{ name: "ana", enabled: false }]);
  });

  it("asks again for a locked account, whose lock ends without a change", async () => {
    directory.addUser(1103, "ana", { "msDS-User-Account-Control-Computed": ["16"] });
    const harness = await started();
    expect(harness.factsOf("ana")?.enabled).toBe(false);
    const searches = directory.searches;
    expect(await harness.next()).toEqual([]);
    expect(directory.searches - searches).toBe(2);
    // A computed attribute: the object's update number stays.
    directory.addUser(1103, "ana", { "msDS-User-Account-Control-Computed": ["0"] });
    expect(await harness.next()).toMatchObject([{ name: "ana", enabled: true }]);
  });

  it.each([
    ["smaller", 17],
    ["greater", 900_000],
  ])(
    "reads everything again when another controller answers, its numbers %s, and tells what differs",
    async (_name, usn) => {
      for (const [rid, name] of [
        [1103, "ana"],
        [1104, "ben"],
        [1105, "cho"],
      ] as const) {
        directory.addUser(rid, name);
      }
      const harness = await started();
      directory.becomeAnotherController(usn);
      directory.addGroup(1200, "Sales", [1104]);
      directory.hide(1103);
      directory.dropConnections();
      await harness.next();
      await harness.next(2000);
      const told = harness.told.slice(1).flat();
      expect(told.map(({ name, enabled }) => `${name} ${enabled}`).sort()).toEqual(["ana false", "ben true"]);
      expect(harness.health.counters).toMatchObject({ fullReads: 2, deletionListings: 0 });
    },
  );

  it("reads everything again when the controller was set back to an older state", async () => {
    directory.addUser(1103, "ana");
    const harness = await started();
    directory.becomeAnotherController(3);
    await harness.next();
    expect(harness.health.counters.fullReads).toBe(2);
  });

  it("reads once more at once when that is asked for in the middle of a turn", async () => {
    directory.addUser(1103, "ana");
    const harness = new Harness();
    directory.onSearch = (count) => {
      if (count === 5) harness.reader.refresh();
    };
    await harness.paused(1);
    expect(harness.told.length).toBe(2);
  });

  it("compares everything once a day while it goes on reading changes, mends what differs, and counts it", async () => {
    for (let rid = 2000; rid < 2400; rid += 1) directory.addUser(rid);
    directory.addGroup(1200, "Sales", [2000]);
    const harness = await started();
    // Missed, however that came about: no number says that anything changed.
    directory.changeSilently(2001, { userAccountControl: ["514"] });
    directory.setMembersSilently(1200, [2000, 2002]);
    expect(await harness.next()).toEqual([]);
    const told = await harness.next(24 * 3_600_000);
    expect(told.map(({ name }) => name).sort()).toEqual(["u2001", "u2002"]);
    expect(harness.factsOf("u2002")?.groups).toContain("Sales");
    expect(harness.health.counters).toMatchObject({ fullReads: 1, verifications: 1, mended: 2 });
    expect(await harness.next()).toEqual([]);
  });

  it("takes a change in the middle of a daily comparison as at any other time", async () => {
    for (let rid = 2000; rid < 2400; rid += 1) directory.addUser(rid);
    const harness = new Harness({ pollSeconds: 5 });
    await harness.paused(1);
    directory.onSearch = (count) => {
      // Every page takes ten seconds: the next turn is due after each.
      harness.now += 10_000;
      if (count === 3) directory.change(2399, { userAccountControl: ["514"] });
    };
    directory.searches = 0;
    await harness.next(24 * 3_600_000);
    directory.onSearch = () => undefined;
    expect(harness.factsOf("u2399")?.enabled).toBe(false);
    expect(harness.health.counters).toMatchObject({ verifications: 1, mended: 0 });
    expect(harness.health.counters.incrementalReads).toBeGreaterThanOrEqual(1);
  });

  it("finds at the daily comparison who is no longer there, and goes on with it on a new connection", async () => {
    directory.addUser(1103, "ana");
    directory.addUser(1104, "ben");
    directory.canSeeDeleted = true;
    directory.remove(1104);
    const harness = await started();
    directory.forget(1103);
    directory.dropConnections();
    await harness.next(24 * 3_600_000);
    const told = await harness.next(2000);
    expect(told).toMatchObject([{ name: "ana", enabled: false }]);
    expect(harness.health.counters).toMatchObject({ verifications: 1, mended: 1, fullReads: 1 });
  });

  it("reads a user again when he logs on, and his groups, at most once a minute", async () => {
    directory.addUser(1103, "ana");
    directory.addGroup(1200, "Sales", []);
    directory.addGroup(1201, "Old", [1103]);
    const harness = await started();
    const sid = harness.factsOf("ana")?.key ?? "";
    directory.setMembersSilently(1200, [1103]);
    directory.setMembersSilently(1201, []);
    await harness.logOn(sid);
    expect(harness.waits).toEqual([30_000, 250, 29_750]);
    expect(harness.factsOf("ana")?.groups).toEqual(["Domain Users", "Sales"]);
    const searches = directory.searches;
    for (const _ of [1, 2, 3]) harness.reader.noteLogon(sid);
    expect(directory.searches).toBe(searches);
    expect(harness.health.counters).toMatchObject({ logonReads: 1, logonsCoalesced: 3, logonsMended: 1 });
    await harness.next(60_000);
    await harness.logOn(sid);
    expect(harness.health.counters.logonReads).toBe(2);
  });

  it("takes nobody out of a group because the reader may not see whose groups they are", async () => {
    directory.addUser(1103, "ana");
    directory.addGroup(1200, "Sales", [1103]);
    directory.hidesMemberOf = true;
    const harness = await started();
    await harness.logOn(harness.factsOf("ana")?.key ?? "");
    expect(harness.factsOf("ana")?.groups).toContain("Sales");
    expect(harness.health.counters).toMatchObject({ logonReads: 1, logonsMended: 0 });
  });

  it("asks one question for many who log on together, and leaves out those of other directories", async () => {
    for (let rid = 2000; rid < 2050; rid += 1) directory.addUser(rid);
    const harness = await started();
    const before = directory.searches;
    await harness.logOn(...harness.facts.keys(), "S-1-5-21-9-9-9-1103");
    expect(harness.health.counters.logonReads).toBe(50);
    expect(directory.searches - before).toBeLessThanOrEqual(2);
  });

  it("ends an account at its moment, not at the next turn", async () => {
    const filetime = (BigInt(1_000_000 + 10_000) + 11_644_473_600_000n) * 10_000n;
    directory.addUser(1103, "ana", { accountExpires: [String(filetime)] });
    const harness = await started();
    expect(harness.waits).toEqual([10_000]);
    expect(await harness.next(10_000)).toMatchObject([{ name: "ana", enabled: false }]);
    expect(harness.waits[1]).toBe(20_000);
  });

  it("asks the next controller when one is away, stays with it, and says which one it reads", async () => {
    directory.addUser(1103, "ana");
    const harness = await started({ host: "127.0.0.9", servers: ["127.0.0.8", "127.0.0.1"] });
    expect(harness.health.sentence).toMatch(/ groups of corp\.example from 127\.0\.0\.1;/);
    directory.dropConnections();
    await harness.next();
    await harness.next(1000);
    expect(harness.health).toMatchObject({ state: "ok", counters: { failovers: 0, fullReads: 1 } });
  });

  it("asks the controllers that DNS names for a domain", async () => {
    directory.addUser(1103, "ana");
    const asked: string[] = [];
    const harness = new Harness({ host: "corp.example" }, "right", undefined, undefined, async (service) => {
      asked.push(service);
      return [
        { name: "127.0.0.1.", priority: 1, weight: 100 },
        { name: "127.0.0.9", priority: 0, weight: 100 },
      ];
    });
    await harness.paused(1);
    expect(asked).toEqual(["_ldap._tcp.dc._msdcs.corp.example"]);
    expect(harness.factsOf("ana")).toBeDefined();
  });

  it("does not try a refused login at every controller", async () => {
    const harness = await started({ servers: ["localhost"] }, "wrong");
    expect(directory.binds).toBe(1);
    expect(harness.health.state).toBe("broken");
  });

  it("does not try a login that a controller took without a word at every other one", async () => {
    directory.passwords = "dropped";
    let unanswered = 0;
    const login: LoginPort = {
      ...openLogin("reader@corp.example", "wrong"),
      withheld: async () => (unanswered >= 2 ? "It is held back." : null),
      untilUsable: (signal) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
      async attempt(logIn, signal) {
        const one = { user: "reader", password: "wrong", realm: null, kdcs: [], allowNtlm: false };
        return logIn(one, signal).catch((error: unknown) => {
          if (!(error instanceof LoginUnanswered)) throw error;
          unanswered += 1;
          throw error.because;
        });
      },
    };
    const servers = ["localhost", "127.0.0.1", "LOCALHOST", "Localhost"];
    const harness = new Harness({ servers }, "wrong", undefined, login);
    while (harness.health.state !== "broken") await new Promise((resolve) => setImmediate(resolve));
    expect([directory.binds, harness.health.sentence]).toEqual([2, "It is held back."]);
  });

  it("shows a password on the connection that was made for it, and on no other: a new one would not be encrypted", async () => {
    const open = openLogin("reader@corp.example", "right");
    let isFirst = true;
    const login: LoginPort = {
      ...open,
      async attempt(logIn, signal) {
        if (!isFirst) return open.attempt(logIn, signal);
        isFirst = false;
        // Ended by both: the reader's end knows it too.
        directory.hangUp();
        while (directory.connections > 0) await new Promise((resolve) => setImmediate(resolve));
        const tried = open.attempt(logIn, signal);
        await tried.catch(() => undefined);
        expect(directory.binds).toBe(0);
        return tried;
      },
    };
    const harness = new Harness({}, "right", undefined, login);
    await harness.paused(1);
    expect(harness.health.sentence).toContain("closed the connection");
    expect(directory.binds).toBe(0);
  });

  it("says of the first controller what is wrong, and how many others there were", async () => {
    const harness = await started({ host: "127.0.0.9", servers: ["127.0.0.8", "127.0.0.7"] });
    expect(harness.health.sentence).toMatch(
      /^127\.0\.0\.9:\d+ refuses connections, and 2 other controllers could not be read either: check/,
    );
  });

  it("tries a refused password again after five minutes, for as long as it is handed out", async () => {
    const harness = await started({}, "wrong");
    expect(harness.waits).toEqual([300_000]);
    expect(harness.health).toMatchObject({
      state: "broken",
      sentence: expect.stringMatching(
        /refuses reader@corp.example: the password or the user name is wrong: type the password again$/,
      ),
    });
    directory.password = "wrong";
    directory.addUser(1103, "ana");
    await harness.next(300_000);
    expect(directory.binds).toBe(2);
    expect(harness.health.state).toBe("ok");
    expect(harness.factsOf("ana")).toBeDefined();
  });

  it("asks no server with a login that is withheld, says why, and reads on once it may be used", async () => {
    let go: () => void = () => undefined;
    let isWithheld = true;
    const open = openLogin("reader@corp.example", "right");
    const login: LoginPort = {
      ...open,
      withheld: async () => (isWithheld ? "It is paused." : null),
      untilUsable: () =>
        new Promise((resolve) => {
          go = resolve;
        }),
    };
    directory.addUser(1103, "ana");
    const harness = new Harness({}, "right", undefined, login);
    while (harness.health.state !== "broken") await new Promise((resolve) => setImmediate(resolve));
    expect([directory.binds, harness.health.sentence, harness.waits]).toEqual([0, "It is paused.", []]);
    isWithheld = false;
    go();
    await harness.paused(1);
    expect(harness.factsOf("ana")).toBeDefined();
  });

  it.each([
    ["533", /the account is disabled/],
    ["775", /the account is locked/],
    ["532", /the password has expired/],
    ["773", /must be changed/],
    ["701", /the account has expired/],
    ["525", /the user is not known/],
  ])("says why a log-on is refused: data %s", async (code, sentence) => {
    directory.refusal = code;
    const harness = await started({}, "wrong");
    expect(harness.health.sentence).toMatch(sentence);
  });

  it("refuses an empty password itself: a server would let it in as nobody", async () => {
    const harness = await started({}, "");
    expect(directory.binds).toBe(0);
    expect(harness.health.sentence).toMatch(/There is no password/);
  });

  it("waits longer and longer for a server that is gone, says since when, and goes on where it was", async () => {
    directory.addUser(1103, "ana");
    const { port } = directory;
    const harness = await started();
    await directory.close();
    const goneAt = harness.now + 30_000;
    await harness.next();
    for (const _ of [1, 2, 3]) await harness.next(1000);
    expect(harness.waits.slice(1)).toEqual([1000, 2000, 4000, 8000]);
    expect(harness.health).toMatchObject({
      state: "broken",
      since: goneAt,
      sentence: expect.stringMatching(/127\.0\.0\.1/),
    });
    for (const _ of [1, 2, 3, 4, 5]) await harness.next(1000);
    expect(Math.max(...harness.waits.slice(1))).toBe(60_000);

    directory.addUser(1104, "ben");
    const again = directory;
    directory = new FakeDirectory();
    await again.close();
    directory.addGroup(513, "Domain Users", []);
    directory.addUser(1103, "ana");
    directory.addUser(1104, "ben");
    await directory.open(port);
    expect((await harness.next(60_000)).map(({ name }) => name)).toEqual(["ben"]);
    expect(harness.health.state).toBe("ok");
  });

  it("tells nobody with half of the groups when a read breaks off in the middle", async () => {
    for (let rid = 2000; rid < 2300; rid += 1) directory.addUser(rid);
    directory.addGroup(1200, "Late", [2000]);
    const book = new PrincipalBook();
    const harness = new Harness({}, "right", book);
    while (book.graph.size.users < 60) await new Promise((resolve) => setImmediate(resolve));
    directory.dropConnections();
    await harness.paused(1);
    expect(harness.told).toEqual([]);
    await harness.next(1000);
    expect(harness.factsOf("u2000")?.groups).toContain("Late");
    expect(harness.facts.size).toBe(300);
  });

  it("lists the groups that the filter lets through, and tells of the change when the filter changes", async () => {
    directory.addUser(1103, "ana");
    directory.addGroup(1200, "Sales", [1103]);
    const harness = await started();
    harness.reader.setGroupFilter(({ name }) => name === "Sales");
    await harness.paused(2);
    expect(harness.factsOf("ana")?.groups).toEqual(["Sales"]);
  });

  it("keeps service accounts out: they look like computers and are at no address", async () => {
    directory.addUser(1103, "gmsa$", {
      objectClass: ["top", "user", "computer", "msDS-GroupManagedServiceAccount"],
      sAMAccountType: ["805306369"],
    });
    directory.addUser(1104, "WS1$", {
      objectClass: ["computer"],
      sAMAccountType: ["805306369"],
      dNSHostName: ["ws1.corp.example"],
    });
    const harness = await started();
    expect([...harness.facts.values()].map(({ name, kind }) => [name, kind])).toEqual([["WS1", "device"]]);
    expect(harness.factsOf("WS1")?.aliases).toEqual([
      "s-1-5-21-1-2-3-1104",
      "corp.example\\ws1$",
      "corp\\ws1$",
      "corp.example\\ws1",
      "corp\\ws1",
      "ws1.corp.example",
      "ws1",
      "ws1$",
    ]);
  });

  it("gives a spelling that a user and a computer share to neither", async () => {
    directory.addUser(1103, "ws1");
    directory.addUser(1104, "WS1$", { objectClass: ["computer"], sAMAccountType: ["805306369"] });
    const harness = await started();
    expect(harness.factsOf("ws1")?.aliases).not.toContain("ws1");
    expect(harness.factsOf("WS1")?.aliases).toEqual([
      "s-1-5-21-1-2-3-1104",
      "corp.example\\ws1$",
      "corp\\ws1$",
    ]);
  });

  it("cuts a list of groups that no firewall could hold, and says so", async () => {
    directory.addUser(1103, "ana");
    for (let index = 0; index < 250; index += 1)
      directory.addGroup(3000 + index, `G${String(index).padStart(3, "0")}`, [1103]);
    const harness = await started();
    expect(harness.factsOf("ana")?.groups).toHaveLength(200);
    expect(harness.health).toMatchObject({
      state: "degraded",
      sentence: expect.stringMatching(/narrow the group filter/),
    });
  });

  it("counts an entry that lacks what every account has, and reads on", async () => {
    directory.addUser(1103, "nameless", { sAMAccountName: [] });
    directory.addUser(1104, "ben");
    const harness = await started();
    expect(harness.facts.size).toBe(1);
    expect(harness.health.counters.entriesUnusable).toBe(1);
  });

  it("stops at once, in the middle of a pause, and again", async () => {
    const harness = await started();
    await harness.stop();
    await harness.stop();
  });

  it("tests each step in order and ends at the one that fails, with what to do", async () => {
    directory.addUser(1103, "ana");
    const good = await started();
    expect((await good.reader.test()).map(({ name, ok }) => [name, ok])).toEqual([
      ["Port", true],
      ["Log-on", true],
      ["Directory", true],
      ["People", true],
      ["Groups", true],
      ["Changes", true],
      ["Deleted objects", true],
      ["Clock", true],
    ]);
    directory.password = "changed";
    expect((await good.reader.test()).at(-1)).toEqual({
      name: "Log-on",
      ok: false,
      detail: `127.0.0.1:${directory.port} refuses reader@corp.example: the password or the user name is wrong`,
      remedy: "type the password again",
    });
    await directory.close();
    expect((await good.reader.test()).at(-1)).toMatchObject({
      name: "Port",
      ok: false,
      remedy: expect.any(String),
    });
  });
});

describe("what could be better at a directory", () => {
  it("is the right to see deleted objects, where the account has none, with the command that gives it", async () => {
    directory.addUser(1103, "ana");
    directory.addUser(1190, "gone");
    directory.remove(1190);
    const { reader } = await started();
    const checkOf = async () => (await reader.test()).find(({ name }) => name === "Deleted objects");
    directory.canSeeDeleted = false;
    expect(await checkOf()).toMatchObject({
      ok: true,
      remedy: expect.stringMatching(/^as a domain administrator: dsacls "CN=Deleted Objects,DC=/),
    });
    directory.canSeeDeleted = true;
    expect(await checkOf()).toEqual({
      name: "Deleted objects",
      ok: true,
      detail: "Deleted objects can be read",
    });
  });

  it.each([
    ["none", /update numbers/],
    ["object-security", /of what the account may read/],
    ["all", /the right to replicate/],
  ] as const)("how changes are found is said, where DirSync is for %s", async (dirSync, detail) => {
    directory.dirSync = dirSync;
    directory.addUser(1103, "ana");
    const { reader } = await started();
    const check = (await reader.test()).find(({ name }) => name === "Changes");
    expect(check).toMatchObject({ ok: true, detail: expect.stringMatching(detail) });
  });
});

describe.each(["none", "all", "object-security"] as const)("changes, where DirSync is for %s", (dirSync) => {
  beforeEach(() => {
    directory.dirSync = dirSync;
    directory.canSeeDeleted = true;
    directory.addUser(1190, "gone");
    directory.remove(1190);
    for (const [rid, name] of [
      [1103, "ana"],
      [1104, "ben"],
      [1105, "cho"],
    ] as const)
      directory.addUser(rid, name);
    directory.addGroup(1200, "Sales", [1103]);
    directory.addGroup(1201, "Staff", [1200]);
  });

  const told = (facts: readonly PrincipalFacts[]) =>
    facts.map(({ name, enabled, groups }) => `${name} ${enabled} ${groups.join("+")}`).sort();

  it("are told of whom they concern, and of nobody else", async () => {
    const harness = await started();
    expect(harness.facts.size).toBe(3);
    directory.addGroup(1200, "Sales", [1104]);
    expect(told(await harness.next())).toEqual([
      "ana true Domain Users",
      "ben true Domain Users+Sales+Staff",
    ]);
    directory.addGroup(1202, "New", [1105, 1200]);
    expect(told(await harness.next())).toEqual([
      "ben true Domain Users+New+Sales+Staff",
      "cho true Domain Users+New",
    ]);
    directory.addGroup(1200, "Renamed", [1104]);
    expect(told(await harness.next())).toEqual(["ben true Domain Users+New+Renamed+Staff"]);
    directory.change(1105, { userAccountControl: ["514"] });
    expect(told(await harness.next())).toEqual(["cho false Domain Users+New"]);
    directory.change(1103, { primaryGroupID: ["1201"] });
    expect(told(await harness.next())).toEqual(["ana true Staff"]);
    directory.remove(1104);
    expect(told(await harness.next())).toEqual(["ben false "]);
    directory.addUser(1106, "dan");
    expect(told(await harness.next())).toEqual(["dan true Domain Users"]);
    expect(await harness.next()).toEqual([]);
    expect(harness.health.counters).toMatchObject({
      fullReads: 1,
      deletionListings: 0,
      dirSync: dirSync === "none" ? 0 : 1,
    });
  });

  it("are all told of when they come in several answers", async () => {
    directory.dirSyncLimit = 2;
    const harness = await started();
    for (let rid = 2000; rid < 2030; rid += 1) directory.addUser(rid);
    expect(await harness.next()).toHaveLength(30);
  });

  it("are read on from another controller: by the stream where it goes on there, else by reading everything", async () => {
    const harness = await started();
    directory.becomeAnotherController(dirSync === "none" ? 17 : 5000);
    directory.change(1103, { userAccountControl: ["514"] });
    directory.dropConnections();
    await harness.next();
    await harness.next(2000);
    await harness.next();
    expect(harness.factsOf("ana")?.enabled).toBe(false);
    expect(harness.health.counters).toMatchObject(
      dirSync === "none" ? { fullReads: 2, verifications: 0 } : { fullReads: 1, verifications: 1 },
    );
  });
});

describe("a stream of changes", () => {
  it("is begun anew where the server takes the old place no more, and what was missed is compared", async () => {
    directory.dirSync = "object-security";
    directory.addUser(1103, "ana");
    directory.addUser(1104, "ben");
    const harness = await started();
    directory.forgetsCookies = true;
    directory.changeSilently(1104, { userAccountControl: ["514"] });
    directory.change(1103, { userAccountControl: ["514"] });
    await harness.next();
    expect([harness.factsOf("ana")?.enabled, harness.factsOf("ben")?.enabled]).toEqual([false, false]);
    expect(harness.health).toMatchObject({
      state: "ok",
      counters: { verifications: 1, mended: 1, fullReads: 1 },
    });
  });

  it("does not read a group of many again because one member came", async () => {
    directory.dirSync = "all";
    directory.memberLimit = 10;
    const rids = Array.from({ length: 300 }, (_, index) => 2000 + index);
    for (const rid of rids) directory.addUser(rid);
    directory.addUser(1103, "ana");
    directory.addGroup(1200, "Everyone", rids);
    const harness = await started();
    const searches = directory.searches;
    directory.addGroup(1200, "Everyone", [...rids, 1103]);
    expect((await harness.next()).map(({ name }) => name)).toEqual(["ana"]);
    // The number, the changes, and the two lists that deletions are looked for in; the group alone would be thirty.
    expect(directory.searches - searches).toBe(4);
  });
});
