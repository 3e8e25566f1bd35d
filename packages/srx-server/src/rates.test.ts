import { Socket } from "node:net";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterEach, describe, expect, test } from "vitest";
import { ConnectionGate } from "./connection-gate.ts";
import { FailureThrottle } from "./failure-throttle.ts";
import { rememberPeer } from "./peer.ts";
import { RateBucket } from "./rate-bucket.ts";
import { StrangerGate } from "./stranger-gate.ts";
import { aPoint, bearer, type Harness, startHarness } from "./testing/index.ts";

describe("a rate", () => {
  test("lets a burst through and then so many a second, each name for itself", () => {
    const bucket = new RateBucket({ burst: 2, perSecond: 4, namesMax: 10 });
    expect([1, 2, 3, 4].map(() => bucket.take("a", 1000))).toEqual([0, 0, 250, 500]);
    expect(bucket.take("b", 1000)).toBe(0);
    expect(bucket.take("a", 1750)).toBe(0);
    expect(bucket.take("a", 500)).toBe(250);
  });

  test("remembers so many names and no more", () => {
    const bucket = new RateBucket({ burst: 1, perSecond: 1, namesMax: 2 });
    bucket.take("a", 0);
    bucket.take("b", 0);
    bucket.take("a", 0);
    bucket.take("c", 0);
    expect(bucket.take("a", 0)).toBeGreaterThan(0);
    expect(bucket.take("b", 0)).toBe(0);
  });
});

describe("a throttle of wrong secrets", () => {
  test("turns away after so many within a window, for no longer than the window, also when the clock is set back", () => {
    const hour = 3_600_000;
    const throttle = new FailureThrottle({ failuresMax: 2, windowMs: 60_000 });
    for (const at of [hour, hour + 1]) throttle.failed("srx-a", "10.0.0.1", at);
    expect(throttle.waitMs("srx-a", "10.0.0.1", hour + 10_000)).toBe(50_000);
    expect(throttle.waitMs("srx-a", "10.0.0.2", hour + 10_000)).toBe(0);
    expect(throttle.waitMs("srx-a", "10.0.0.1", hour + 60_000)).toBe(0);
    expect(throttle.waitMs("srx-a", "10.0.0.1", 0)).toBe(0);
  });
});

describe("the addresses of one IPv6 /64", () => {
  const home = (at: number) => `2001:db8:1:2::${at.toString(16)}`;

  test("are one stranger, and those of another are another", () => {
    const gate = new StrangerGate({ burst: 2, perSecond: 1 });
    expect([1, 2, 3].map((at) => gate.enter(`guess-${at}`, home(at), 0))).toEqual([0, 0, 1000]);
    expect(gate.enter("guess-4", "2001:db8:1:3::1", 0)).toBe(0);
    const said = Array.from({ length: 12 }, (_, at) => gate.maySay(home(at), 0));
    expect(said.filter(Boolean)).toHaveLength(10);
  });

  test("guess at a secret as one, and not instead of a firewall elsewhere", () => {
    const throttle = new FailureThrottle({ failuresMax: 2 });
    for (const at of [1, 2]) throttle.failed("srx-a", home(at), 0);
    expect(throttle.waitMs("srx-a", home(3), 0)).toBeGreaterThan(0);
    expect(throttle.waitMs("srx-a", "2001:db8:1:3::1", 0)).toBe(0);
  });

  test("may have ten times the connections of one address, however many they are", () => {
    const gate = new ConnectionGate(2);
    const connect = (address: string): Socket => {
      const socket = new Socket();
      rememberPeer(socket, { address, transport: "TLSv1.3" });
      gate.admit(socket);
      return socket;
    };
    const crowd = Array.from({ length: 25 }, (_, at) => connect(home(at)));
    expect([gate.open, gate.refused]).toEqual([20, 5]);
    expect(connect("2001:db8:1:3::1").destroyed).toBe(false);
    expect([1, 2, 3].map(() => connect("10.0.0.1").destroyed)).toEqual([false, false, true]);
    expect([1, 2, 3].map(() => connect("2001:db8:1:4::1").destroyed)).toEqual([false, false, true]);
    crowd[0]?.emit("close");
    expect([connect(home(100)), connect(home(101))].map(({ destroyed }) => destroyed)).toEqual([false, true]);
  });
});

describe("a gate for strangers", () => {
  test("holds an address with ever-new client ids to a rate, and lets a known client in all the while", () => {
    const gate = new StrangerGate({ burst: 3, perSecond: 1 });
    expect(gate.enter("srx-a", "10.0.0.1", 0)).toBe(0);
    gate.granted("srx-a", "10.0.0.1", 0);
    expect([1, 2, 3, 4, 5].map((at) => gate.enter(`guess-${at}`, "10.0.0.1", 0))).toEqual([
      0, 0, 0, 1000, 1000,
    ]);
    expect(gate.enter("srx-a", "10.0.0.1", 0)).toBe(0);
    expect(gate.enter("srx-a", "10.0.0.2", 0)).toBe(0);
    expect(gate.enter("guess-6", "10.0.0.1", 1000)).toBe(0);
  });
});

describe("at the listener", () => {
  let harness: Harness;
  afterEach(() => harness.stop());
  const START = "/user_query/v2/users/endpoints?begintime=0";

  test("ever-new client ids from one address are answered 429 without a look-up, and the firewall there goes on", async () => {
    let looked = 0;
    harness = await startHarness();
    const { authenticate } = harness.points;
    harness.points.authenticate = (claim) => {
      looked += 1;
      return authenticate(claim);
    };
    await harness.token();
    const guess = (at: number) =>
      harness.ask({ method: "POST", path: "/oauth", body: `client_id=guess-${at}&client_secret=x` });
    for (let at = 0; at < 200; at++) expect((await guess(at)).status).toBe(401);
    const answer = await guess(200);
    expect([answer.status, answer.headers["retry-after"]]).toEqual([429, "1"]);
    expect(looked).toBe(201);
    expect(harness.server.health().counters.throttled).toBe(1);
    await harness.token();
    await expect(harness.token({ clientId: "srx-b", from: "127.0.0.2" })).rejects.toThrow("401");
  });

  test("a firewall that begins the table anew all the time is slowed down, and another one is not", async () => {
    harness = await startHarness();
    harness.points.setPoints([aPoint(), aPoint({ id: "point-2", clientId: "srx-b" })]);
    harness.source.tell(anEntry({ user: anEntryUser() }));
    const token = await harness.token();
    const other = await harness.token({ clientId: "srx-b" });
    for (let at = 0; at < 60; at++) await harness.poll(token, START);
    expect(harness.server.health().counters.paced).toBe(0);
    const begunAt = performance.now();
    await harness.poll(token, START);
    expect(performance.now() - begunAt).toBeGreaterThan(900);
    expect(harness.server.health().counters.paced).toBe(1);
    const crowd = await Promise.all(
      [1, 2, 3, 4].map(() => harness.ask({ path: START, headers: bearer(token) })),
    );
    expect(crowd.some(({ status }) => status === 429)).toBe(true);
    const otherAt = performance.now();
    await harness.poll(other, START);
    expect(performance.now() - otherAt).toBeLessThan(900);
  });

  test("a firewall that was sent away a hundred times gets the table as soon as one that was sent away once", async () => {
    harness = await startHarness({ limits: { fullTables: { burst: 1, perSecond: 0.4 } } });
    const token = await harness.token();
    await harness.poll(token, START);
    const ask = () => harness.ask({ path: START, headers: bearer(token) });
    for (let at = 0; at < 100; at++) expect((await ask()).headers["retry-after"]).toBe("3");
  });
});
