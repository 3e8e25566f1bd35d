import { fuzzRuns } from "@rollcall/testkit";
import type { Mode } from "@rollcall/webapi-server/web-api";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { aUser } from "./testing/builders.ts";
import { PushLab } from "./testing/push-lab.ts";

const MINUTE = 60_000;
let lab: PushLab;
afterEach(async () => {
  await lab?.stop();
  expect(lab?.complaints).toEqual([]);
});

function begin(options: ConstructorParameters<typeof PushLab>[0] = {}): PushLab {
  lab = new PushLab(options);
  return lab;
}

async function follow(options: ConstructorParameters<typeof PushLab>[0] = {}): Promise<PushLab> {
  begin(options);
  lab.start();
  await lab.pass(2000);
  return lab;
}

/** As the cloud posts it while a point is posted to from there, before it is the agent's again. */
const THE_OTHERS_LOGON = {
  operation: "logon",
  source: "Rollcall",
  at: Date.parse("2026-01-05T08:00:00Z"),
  domain: "corp.example",
  roles: [],
  posture: null,
  device: null,
} as const;

const statuses = () => lab.api.posts.map(({ status }) => status);

describe("a push to a firewall", () => {
  it("tells what is there, then each change, then each end", async () => {
    begin();
    lab.change("10.0.0.1", "ana");
    lab.start();
    await lab.pass(2000);
    expect(lab.held()).toEqual({ "10.0.0.1": "corp.example\\ana staff" });
    lab.change("10.0.0.2", "ben");
    lab.change("10.0.0.1", "ana", { groups: ["staff", "oncall"] });
    await lab.pass(2000);
    expect(lab.held()).toEqual(lab.wanted());
    lab.change("10.0.0.1", null);
    await lab.pass(2000);
    expect(Object.keys(lab.held())).toEqual(["10.0.0.2"]);
    expect(lab.run.status()).toMatchObject({ state: "ok", posts: 3, entries: 4, failures: 0, pending: 0 });
  });

  it("says nothing of an end at an address that the firewall does not know", async () => {
    await follow();
    lab.put({ ip: "10.0.0.9" });
    await lab.pass(5000);
    expect(lab.api.posts).toEqual([]);
  });

  it("lets others have their turn while it passes over thousands of changes that the firewall is not told of", async () => {
    begin();
    for (let n = 0; n < 2000; n++) lab.put({ ip: `10.0.${n >> 8}.${n & 255}` });
    const { mayHold } = lab.memory;
    let turns = 0;
    let pages = 0;
    lab.memory.mayHold = async (ips) => {
      pages += 1;
      return mayHold(ips);
    };
    lab.start();
    await lab.pass(5000);
    const posts = lab.api.posts.length;
    lab.filter = { ...lab.filter, excludeIp: ["192.0.2.1"] };
    const counting = (async () => {
      while (pages < 10) {
        turns += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await lab.pass(5000);
    await counting;
    expect(turns).toBeGreaterThan(5);
    expect(lab.api.posts.length).toBe(posts);
  });

  it("says it again where the answer was lost, and a logoff that arrived is not missed", async () => {
    await follow();
    lab.api.mode = { kind: "reset", stored: true };
    lab.change("10.0.0.1", "ana");
    await lab.pass(1500);
    lab.change("10.0.0.1", null);
    await lab.pass(1500);
    lab.api.mode = { kind: "ok" };
    await lab.pass(20_000);
    expect(lab.held()).toEqual({});
    expect(lab.memory.held.size).toBe(0);
  });

  it("tells the newest, not what had been read when the firewall was not reached", async () => {
    await follow();
    lab.api.mode = { kind: "busy", retryAfterSeconds: 5 };
    lab.change("10.0.0.1", "ana");
    await lab.pass(2000);
    lab.change("10.0.0.1", "ben");
    lab.api.mode = { kind: "ok" };
    await lab.pass(10_000);
    expect(
      lab.api.posts.filter(({ status }) => status === 200).map(({ body }) => body.includes("ana")),
    ).toEqual([false]);
  });

  it("goes on telling when the clock is set back by an hour", async () => {
    await follow();
    lab.change("10.0.0.1", "ana");
    await lab.pass(2000);
    lab.clock.set(lab.clock.now() - 60 * MINUTE);
    lab.change("10.0.0.2", "ben");
    lab.run.wake();
    await lab.pass(1000);
    expect(lab.held()).toEqual(lab.wanted());
  });

  it("waits as long as a busy firewall asks, and otherwise longer each time", async () => {
    await follow();
    lab.api.mode = { kind: "busy", retryAfterSeconds: 30 };
    lab.change("10.0.0.1", "ana");
    await lab.pass(29_000);
    expect(statuses()).toEqual([503]);
    expect(lab.run.status()).toMatchObject({ state: "waiting", failures: 1, pending: 1 });
    lab.api.mode = { kind: "busy", retryAfterSeconds: null };
    await lab.pass(2 * MINUTE);
    expect(statuses().length).toBeGreaterThan(4);
    expect(statuses().length).toBeLessThan(12);
  });

  it("does not try a refused password again before a quarter of an hour, and says what to mend", async () => {
    await follow();
    lab.api.mode = { kind: "unauthorized" };
    lab.change("10.0.0.1", "ana");
    await lab.pass(14 * MINUTE);
    expect(statuses()).toEqual([401]);
    expect(lab.run.status()).toMatchObject({
      state: "refused",
      sentence: expect.stringContaining("password"),
    });
    lab.api.mode = { kind: "ok" };
    await lab.pass(3 * MINUTE);
    expect(lab.held()).toEqual(lab.wanted());
  });

  it("tells the others when one entry is called malformed, tells nobody there, and says which", async () => {
    await follow();
    for (let n = 1; n <= 60; n++) lab.change(`10.0.0.${n}`, `user${n}`);
    await lab.pass(2000);
    lab.api.mode = { kind: "poisoned", addresses: ["10.0.0.17"] };
    for (let n = 1; n <= 60; n++) lab.change(`10.0.0.${n}`, `other${n}`);
    await lab.pass(10_000);
    const { "10.0.0.17": skipped, ...rest } = lab.wanted();
    expect(skipped).toContain("other17");
    expect(lab.held()).toEqual(rest);
    expect(lab.run.status().refusedPosts).toMatchObject([
      { status: 400, sentence: expect.stringContaining("the logon at 10.0.0.17 malformed (400)") },
    ]);
    const before = statuses().length;
    await lab.pass(MINUTE);
    expect(statuses().length).toBe(before);
  });

  it("remembers whose end is called malformed, comes to an end all the same, and tries it again with everything", async () => {
    await follow();
    lab.change("10.0.0.1", "ana");
    lab.change("10.0.0.2", "ben");
    await lab.pass(2000);
    lab.api.mode = { kind: "poisoned", addresses: ["10.0.0.1"], logoffsToo: true };
    lab.filter = { ...lab.filter, excludeIp: ["10.0.0.1", "10.0.0.2"] };
    await lab.pass(5000);
    expect([Object.keys(lab.held()), lab.run.status().state]).toEqual([["10.0.0.1"], "ok"]);
    expect(lab.run.status().refusedPosts[0]?.sentence).toContain("the end of the session at 10.0.0.1");
    lab.api.mode = { kind: "ok" };
    void lab.run.resync();
    await lab.pass(2000);
    expect(lab.held()).toEqual({});
  });

  it("tries what was called malformed again with everything, though it is the same to the last byte", async () => {
    begin();
    lab.api.mode = { kind: "poisoned", addresses: ["10.0.0.1"] };
    lab.change("10.0.0.1", "ana");
    lab.start();
    await lab.pass(300);
    expect(lab.held()).toEqual({});
    lab.api.mode = { kind: "ok" };
    // Within the second: the time that is said of the logon, to the second, is the same as before.
    void lab.run.resync();
    await lab.pass(300);
    const logons = lab.api.posts.flatMap(({ body }) => (body.includes(">logon<") ? [body] : []));
    expect([logons.length, new Set(logons).size]).toEqual([2, 1]);
    expect(lab.held()).toEqual(lab.wanted());
  });

  it("says no earlier time of an address after everything was told than the end of that", async () => {
    await follow();
    lab.change("10.0.0.1", "ana");
    await lab.pass(2000);
    // A table begun anew without her: her end is told last of all, and late.
    lab.renumber([]);
    const changedAt = lab.clock.now() + 10_000;
    lab.api.mode = { kind: "busy", retryAfterSeconds: 30 };
    await lab.pass(5000);
    lab.api.mode = { kind: "ok" };
    await lab.pass(MINUTE);
    expect([lab.held(), lab.run.status().state]).toEqual([{}, "ok"]);
    // What was so in between is heard of only now.
    lab.put({ ip: "10.0.0.1", user: aUser({ name: "ben" }), changedAt });
    await lab.pass(2000);
    expect(lab.held()).toEqual(lab.wanted());
    expect(lab.complaints).toEqual([]);
  });

  it("does not tell everything again after a firewall was merely busy", async () => {
    await follow();
    lab.change("10.0.0.1", "ana");
    lab.change("10.0.0.2", "ben");
    await lab.pass(2000);
    lab.api.mode = { kind: "busy", retryAfterSeconds: 20 };
    lab.change("10.0.0.1", null);
    await lab.pass(5 * MINUTE);
    lab.api.mode = { kind: "ok" };
    const before = lab.api.posts.length;
    await lab.pass(MINUTE);
    expect(lab.api.posts.slice(before).map(({ ips }) => ips)).toEqual([["10.0.0.1"]]);
  });

  it("gives up on a firewall that calls everything malformed, instead of going on for ever", async () => {
    begin();
    lab.api.mode = { kind: "malformed" };
    for (let n = 1; n <= 100; n++) lab.change(`10.0.0.${n}`, `user${n}`);
    lab.start();
    await lab.pass(10 * MINUTE);
    expect(lab.run.status()).toMatchObject({
      state: "refused",
      sentence: expect.stringContaining("every post malformed"),
    });
    expect(statuses().length).toBeLessThan(100);
    lab.api.mode = { kind: "ok" };
    await lab.pass(15 * MINUTE);
    expect(lab.held()).toEqual(lab.wanted());
  });

  it("sends no more posts a second than it may, and no more than 200 entries each", async () => {
    begin({ maxPostsPerSecond: 2 });
    for (let n = 0; n < 1000; n++) lab.change(`10.0.${n >> 8}.${n & 255}`, `user${n}`);
    lab.start();
    await lab.pass(1600);
    expect(lab.api.posts.map(({ ips }) => ips.length)).toEqual([200, 200, 200, 200]);
    await lab.pass(1000);
    expect(lab.held()).toEqual(lab.wanted());
  });

  it("takes those off the firewall of whom another filter no longer tells, also after a restart", async () => {
    await follow();
    lab.change("10.0.0.1", "ana");
    lab.change("10.9.0.2", "ben");
    await lab.pass(2000);
    await lab.stop();
    lab.filter = { ...lab.filter, excludeIp: ["10.9.0.0/16"] };
    await lab.restart();
    await lab.pass(3000);
    expect(Object.keys(lab.held())).toEqual(["10.0.0.1"]);
    lab.filter = { ...lab.filter, darkSourceIds: ["source-1"] };
    await lab.pass(3000);
    expect(lab.held()).toEqual({});
  });

  it("takes off the firewall whoever ended lately, though it remembers nothing of what was told", async () => {
    await follow();
    lab.change("10.0.0.1", "ana");
    await lab.pass(2000);
    await lab.stop();
    lab.change("10.0.0.1", null);
    await lab.memory.forget(["10.0.0.1"]);
    lab.memory.load = async () => null;
    await lab.restart();
    await lab.pass(3000);
    expect(lab.held()).toEqual({});
  });

  it("takes off the firewall whoever another sender told of and did not take off, while this one was away", async () => {
    await follow();
    lab.change("10.0.0.1", "ana");
    await lab.pass(2000);
    await lab.stop();
    lab.change("10.0.0.2", "ben");
    lab.api.table.apply({ ...THE_OTHERS_LOGON, ip: "10.0.0.2", user: "ben" });
    lab.change("10.0.0.2", null);
    await lab.clock.advance(4 * MINUTE);
    await lab.restart();
    await lab.pass(3000);
    expect(lab.held()).toEqual(lab.wanted());
  });

  it("goes on where it was after a restart, without telling everything again", async () => {
    await follow();
    for (let n = 0; n < 300; n++) lab.change(`10.0.${n >> 8}.${n & 255}`, `user${n}`);
    await lab.pass(3000);
    const before = lab.api.posts.length;
    await lab.restart();
    lab.change("10.0.0.5", null);
    await lab.pass(3000);
    expect(lab.api.posts.slice(before).map(({ ips }) => ips)).toEqual([["10.0.0.5"]]);
  });

  it.each([
    ["a table that was begun anew", () => lab.renumber([])],
    [
      "ends that were forgotten while it was away",
      () => {
        lab.change("10.0.0.1", null);
        lab.prune();
      },
    ],
  ])("leaves nobody on the firewall after %s", async (_, happens) => {
    await follow();
    lab.change("10.0.0.1", "ana");
    await lab.pass(2000);
    await lab.stop();
    happens();
    await lab.restart();
    await lab.pass(3000);
    expect(lab.held()).toEqual({});
  });

  it("tells a firewall everything that was away long enough to have started anew, though nothing had changed", async () => {
    await follow();
    lab.change("10.0.0.1", "ana");
    await lab.pass(2000);
    lab.api.mode = { kind: "silent" };
    await lab.pass(5 * MINUTE);
    expect(lab.run.status()).toMatchObject({ state: "broken", sentence: "Nobody listens there." });
    lab.api.table.clear();
    lab.api.mode = { kind: "ok" };
    await lab.pass(2 * MINUTE);
    expect(lab.held()).toEqual(lab.wanted());
    expect(lab.run.status().state).toBe("ok");
  });

  it("tells everything again on demand and from time to time, and says how much", async () => {
    await follow({ reannounceMs: 30 * MINUTE });
    lab.change("10.0.0.1", "ana");
    lab.change("10.0.0.2", "ben");
    await lab.pass(2000);
    lab.api.table.clear();
    const told = lab.run.resync();
    await lab.pass(2000);
    expect(await told).toBe(2);
    expect(lab.held()).toEqual(lab.wanted());
    lab.api.table.clear();
    await lab.pass(31 * MINUTE);
    expect(lab.held()).toEqual(lab.wanted());
  });

  it("cuts a long wait short when somebody demands everything, and hears of the end when it is stopped", async () => {
    await follow();
    lab.api.mode = { kind: "unauthorized" };
    lab.change("10.0.0.1", "ana");
    await lab.pass(2000);
    const first = lab.run.resync();
    await lab.stop();
    await expect(first).rejects.toThrow("stopped");
    lab.start();
    lab.api.mode = { kind: "ok" };
    const second = lab.run.resync();
    await lab.pass(2000);
    expect(await second).toBe(1);
  });

  it("posts nothing while its memory cannot be written, and goes on when it can", async () => {
    begin();
    const { willTell } = lab.memory;
    lab.memory.willTell = async () => {
      throw new Error("disk full");
    };
    lab.change("10.0.0.1", "ana");
    lab.start();
    await lab.pass(5000);
    expect(lab.api.posts).toEqual([]);
    expect(lab.run.status()).toMatchObject({ state: "broken", sentence: expect.stringContaining("noted") });
    lab.memory.willTell = willTell;
    await lab.pass(MINUTE);
    expect(lab.held()).toEqual(lab.wanted());
  });
});

describe("whatever happens on the way", () => {
  const ip = fc.nat(11).map((n) => (n < 10 ? `10.0.${n % 2}.${n}` : `2001:db8::${n}`));
  const mode: fc.Arbitrary<Mode> = fc.oneof(
    fc.constant<Mode>({ kind: "ok" }),
    fc.constant<Mode>({ kind: "silent" }),
    fc.constant<Mode>({ kind: "unauthorized" }),
    fc.constant<Mode>({ kind: "malformed" }),
    fc.record({
      kind: fc.constant("busy" as const),
      retryAfterSeconds: fc.constantFrom(null, 1, 100),
    }),
    fc.record({ kind: fc.constant("reset" as const), stored: fc.boolean() }),
    fc.record({ kind: fc.constant("poisoned" as const), addresses: fc.array(ip, { maxLength: 3 }) }),
  );
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("change" as const),
        ip,
        name: fc.constantFrom("ana", "ben", null, null),
        domain: fc.constantFrom("corp.example", "other.example"),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("pass" as const),
        ms: fc.constantFrom(50, 400, 3000, 70_000, 400_000),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("mode" as const), mode }) },
    fc.record({
      do: fc.constantFrom(
        "restart" as const,
        "prune" as const,
        "renumber" as const,
        "demand" as const,
        "reboot" as const,
      ),
    }),
    fc.record({
      do: fc.constant("filter" as const),
      filter: fc.record({
        addressSpaceIds: fc.constant<string[]>([]),
        domains: fc.constantFrom<string[]>([], ["corp.example"]),
        includeIp: fc.constantFrom<string[]>([], ["10.0.1.0/24"]),
        excludeIp: fc.constantFrom<string[]>([], ["10.0.0.4"]),
        ipv6: fc.boolean(),
        darkSourceIds: fc.constantFrom<string[]>([], ["source-1"]),
      }),
    }),
  );

  async function happen(
    to: PushLab,
    one: typeof step extends fc.Arbitrary<infer T> ? T : never,
  ): Promise<void> {
    switch (one.do) {
      case "change":
        to.change(one.ip, one.name, { domain: one.domain });
        return;
      case "pass":
        return to.pass(one.ms);
      case "mode":
        to.api.mode = one.mode;
        return;
      case "restart":
        return to.restart();
      case "prune":
        to.prune();
        return;
      case "renumber":
        to.renumber([...to.table.entries()].filter(({ revision }) => revision % 3 !== 0));
        return;
      case "demand":
        void to.run.resync().catch(() => undefined);
        return;
      case "reboot":
        to.api.mode = { kind: "silent" };
        await to.pass(3 * MINUTE);
        to.api.table.clear();
        return;
      case "filter":
        to.filter = one.filter;
        return;
    }
  }

  it("the firewall holds the filtered table once posts are taken again", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const to = new PushLab();
        to.start();
        try {
          for (const one of steps) await happen(to, one);
          to.api.mode = { kind: "ok" };
          // The longest wait is that after a refusal.
          await to.pass(16 * MINUTE);
          // What was called malformed meanwhile is left out until it changes, or everything is told anew.
          if (to.run.status().refusedPosts.length > 0) {
            void to.run.resync();
            await to.pass(MINUTE);
          }
          expect(to.held()).toEqual(to.wanted());
          expect(to.complaints).toEqual([]);
          expect(to.run.status()).toMatchObject({ state: "ok", pending: 0 });
        } finally {
          await to.stop();
        }
      }),
      { numRuns: fuzzRuns(2000) },
    );
  }, 1_800_000);
});
