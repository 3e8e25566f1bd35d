import { batch, openRequest, readStreamItem, type StreamItem } from "@rollcall/agent-protocol";
import { SessionTable } from "@rollcall/identity-core";
import { aLogon, anEnd, at, ip, someFacts } from "@rollcall/identity-core/testing";
import { type Logger, silentLogger } from "@rollcall/observability";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import { systemClock } from "../supervisor/clock.ts";
import { type FakeGateway, startFakeGateway } from "../testing/fake-gateway.ts";
import { arrival, TEST_ISSUER, withKeeper } from "../testing/pipeline-lab.ts";
import { aLink, anIdentity, during, eventually } from "../testing/uplink-lab.ts";
import type { PortalLink } from "./portal-link.ts";
import { observationsOf, snapshotItems } from "./snapshot-items.ts";
import { createStreamSender, type StreamSender } from "./stream-sender.ts";

/** A cloud that keeps what it commits, as the ledger does: in order, once, by epoch. */
class Cloud {
  epoch = 0;
  committed = 0;
  received: StreamItem[] = [];
  deadLetters: unknown[] = [];
  opens: ReturnType<typeof openRequest.parse>[] = [];
  /** What the next open is answered with. */
  action: "continue" | "snapshot" | "locked" = "continue";

  constructor(gateway: FakeGateway) {
    gateway.on("POST /v1/streams/open", ({ body }) => {
      const request = openRequest.parse(body);
      this.opens.push(request);
      const { action } = this;
      if (action === "snapshot") {
        this.epoch = Math.max(this.epoch, request.epoch) + 1;
        this.committed = 0;
      }
      this.action = "continue";
      return {
        status: 200,
        body: {
          action,
          stream: "live",
          epoch: this.epoch,
          resumeFrom: this.committed + 1,
          serverTime: Date.now(),
          limits: { maxItems: 100, minGapMs: 0 },
        },
      };
    });
    gateway.on("POST /v1/streams/live/batches", ({ body }) => this.take(body));
  }

  take(body: unknown) {
    const got = batch.parse(body);
    if (got.epoch !== this.epoch) return { status: 409, body: { code: "stale-epoch", message: "older" } };
    if (got.first > this.committed + 1)
      return { status: 409, body: { code: "gap", message: "gap", expected: this.committed + 1 } };
    let deadLetters = 0;
    for (const value of got.items) {
      const { seq } = value as StreamItem;
      if (seq <= this.committed) continue;
      const read = readStreamItem(value, this.committed + 1);
      if (seq !== this.committed + 1) throw new Error(`item ${seq} after ${this.committed}`);
      this.committed = seq;
      if (read.kind === "item") this.received.push(read.item);
      else {
        deadLetters += 1;
        this.deadLetters.push(read.item);
      }
    }
    return {
      status: 200,
      body: { ack: this.committed, epoch: this.epoch, revision: 1, serverTime: Date.now(), deadLetters },
    };
  }

  get names(): string[] {
    return this.received.map((item) =>
      item.kind === "principal" ? `facts ${item.principal.name}` : (item.observation.principal?.name ?? "-"),
    );
  }
}

describe("the stream to the cloud", () => {
  let gateway: FakeGateway;
  let link: PortalLink;
  let cloud: Cloud;
  beforeAll(async () => {
    gateway = await startFakeGateway();
  });
  afterAll(() => gateway.close());
  beforeEach(async () => {
    link = aLink(await anIdentity(gateway));
    cloud = new Cloud(gateway);
  });

  const isLong = (item: unknown): boolean => JSON.stringify(item).length > 12_000;

  const senderOf = (keeper: TableKeeper, log: Logger = silentLogger): StreamSender =>
    createStreamSender({
      link,
      keeper,
      clock: systemClock,
      log,
      random: () => 0,
      ownSources: () => new Set(["source-1", "directory-1"]),
      isDiskShort: () => false,
    });

  const logon = (keeper: TableKeeper, sender: StreamSender, user: string, address = "10.0.0.1") => {
    keeper.write([arrival({ observations: [aLogon({ user, ip: address, at: Date.now() })] })]);
    sender.wake();
  };

  it("sends what is in the spool in order, once, and lets go of what the cloud has committed", () =>
    withKeeper(async ({ keeper }) => {
      const sender = senderOf(keeper);
      for (let n = 0; n < 250; n += 1) logon(keeper, sender, `u${n}`);
      await during(
        (signal) => sender.run(signal),
        async () => {
          await eventually("everything is acknowledged", () => keeper.store.spool.numbers().ackedSeq === 250);
          logon(keeper, sender, "later");
          await eventually("the later one too", () => keeper.store.spool.numbers().ackedSeq === 251);
        },
      );
      expect(cloud.names).toEqual([...Array.from({ length: 250 }, (_, n) => `u${n}`), "later"]);
      await link.close();
    }));

  it("loses nothing and repeats nothing when answers are lost and connections break", () =>
    withKeeper(async ({ keeper }) => {
      const sender = senderOf(keeper);
      let call = 0;
      gateway.on("POST /v1/streams/live/batches", ({ body }) => {
        call += 1;
        if (call % 3 === 1) return null;
        const reply = cloud.take(body);
        return call % 3 === 2 ? null : reply;
      });
      for (let n = 0; n < 300; n += 1) logon(keeper, sender, `u${n}`);
      const patient = async (signal: AbortSignal) => {
        while (!signal.aborted) await sender.run(signal).catch(() => undefined);
      };
      await during(patient, () =>
        eventually("everything is acknowledged", () => keeper.store.spool.numbers().ackedSeq === 300, 30_000),
      );
      expect(cloud.names).toEqual(Array.from({ length: 300 }, (_, n) => `u${n}`));
      await link.close();
    }));

  it("begins anew with the present state when the cloud asks for it, and goes on after it", () =>
    withKeeper(async ({ keeper }) => {
      const sender = senderOf(keeper);
      keeper.write([
        arrival({
          facts: [someFacts({ name: "ana", groups: ["g"] })],
          observations: [aLogon({ user: "ana", at: Date.now() })],
        }),
      ]);
      keeper.store.spool.acknowledge(2);
      logon(keeper, sender, "waiting", "10.0.0.2");
      keeper.write([
        arrival({
          observations: [
            aLogon({ user: "elsewhere", ip: "10.0.0.9", at: Date.now(), source: "another-site" }),
          ],
          origin: "cloud",
        }),
      ]);
      cloud.action = "snapshot";
      await during(
        (signal) => sender.run(signal),
        () => eventually("all is acknowledged", () => keeper.store.spool.numbers().ackedSeq === 4),
      );
      expect(cloud.names).toEqual(["facts ana", "ana", "waiting", "waiting"]);
      expect(keeper.store.spool.numbers()).toMatchObject({ epoch: 1, ackedSeq: 4 });
      await link.close();
    }));

  it("opens the stream again when the cloud finds a gap or another epoch", () =>
    withKeeper(async ({ keeper }) => {
      const sender = senderOf(keeper);
      logon(keeper, sender, "a");
      logon(keeper, sender, "b");
      await during(
        (signal) => sender.run(signal),
        async () => {
          await eventually("both are there", () => cloud.committed === 2);
          // The cloud is restored from a backup: it knows the first only, under another epoch.
          cloud.committed = 1;
          cloud.received.length = 1;
          cloud.epoch = 5;
          cloud.action = "snapshot";
          logon(keeper, sender, "c", "10.0.0.3");
          await eventually("all is there again", () => cloud.names.includes("c"));
        },
      );
      expect([cloud.opens.length, new Set(cloud.names)]).toEqual([2, new Set(["a", "b", "c"])]);
      await link.close();
    }));

  it("stops sending and says so when another machine uses its identity", () =>
    withKeeper(async ({ keeper }) => {
      const sender = senderOf(keeper);
      logon(keeper, sender, "a");
      cloud.action = "locked";
      await during(
        (signal) => sender.run(signal),
        () => eventually("it is locked", () => sender.state.isLocked),
      );
      expect([cloud.received, keeper.store.spool.numbers().ackedSeq]).toEqual([[], 0]);
      await link.close();
    }));

  it("sends fewer at once when the gateway finds a batch too large", () =>
    withKeeper(async ({ keeper }) => {
      const sender = senderOf(keeper);
      gateway.on("POST /v1/streams/live/batches", ({ body }) =>
        body.count > 10
          ? { status: 413, body: { code: "message-too-large", message: "too large" } }
          : cloud.take(body),
      );
      for (let n = 0; n < 40; n += 1) logon(keeper, sender, `u${n}`);
      await during(
        (signal) => sender.run(signal),
        () => eventually("everything is acknowledged", () => cloud.committed === 40),
      );
      await link.close();
    }));

  it("leaves out one item that a proxy finds too large, says so, and sends all others in as large batches as before", () =>
    withKeeper(async ({ keeper }) => {
      const said: unknown[] = [];
      const log = { ...silentLogger, warn: (...words: unknown[]) => void said.push(words[0]) };
      const sender = senderOf(keeper, log);
      const counts: number[] = [];
      gateway.on("POST /v1/streams/live/batches", ({ body }) => {
        counts.push(body.count);
        // The answer of a proxy: it is not ours.
        return body.items.some(isLong)
          ? { status: 413, body: "<html>413 Request Entity Too Large</html>" }
          : cloud.take(body);
      });
      for (let n = 0; n < 5; n += 1) logon(keeper, sender, `u${n}`);
      const groups = Array.from({ length: 400 }, (_, n) => `a group with a long name, number ${n}`);
      keeper.write([arrival({ facts: [someFacts({ name: "ana", groups })] })]);
      keeper.write([arrival({ observations: [aLogon({ user: "ana", at: Date.now() })] })]);
      for (let n = 5; n < 200; n += 1) logon(keeper, sender, `u${n}`, "10.0.0.2");
      const last = keeper.store.spool.numbers().nextSeq - 1;
      await during(
        (signal) => sender.run(signal),
        () => eventually("everything is acknowledged", () => keeper.store.spool.numbers().ackedSeq === last),
      );
      expect(cloud.received).toHaveLength(last - cloud.deadLetters.length);
      expect(cloud.deadLetters).toEqual([
        { seq: expect.any(Number), kind: "too-large", bytes: expect.any(Number) },
      ]);
      expect(sender.state).toMatchObject({ leftOut: 1, deadLetters: 1, blockedBecause: null });
      expect(said).toContainEqual({
        seq: expect.any(Number),
        bytes: expect.any(Number),
        remedy: expect.stringContaining("1 MB"),
      });
      expect(Math.max(...counts.slice(-5))).toBeGreaterThan(10);
      await link.close();
    }));

  it("leaves nothing out where even a logon is refused as too large: it waits, says why, and goes on when it can", () =>
    withKeeper(async ({ keeper }) => {
      const sender = senderOf(keeper);
      let isNarrow = true;
      gateway.on("POST /v1/streams/live/batches", ({ body }) =>
        isNarrow && body.items.some(({ kind }: { kind: string }) => kind === "observation")
          ? { status: 413, body: "<html></html>" }
          : cloud.take(body),
      );
      logon(keeper, sender, "a");
      logon(keeper, sender, "b");
      await during(
        (signal) => sender.run(signal),
        async () => {
          await eventually("it is said", () => sender.state.blockedBecause !== null);
          isNarrow = false;
          // The cloud has them before its answer has come back.
          await eventually(
            "both are sent and it is said no longer",
            () => cloud.committed === 2 && sender.state.blockedBecause === null,
          );
        },
      );
      expect([cloud.names, sender.state.leftOut]).toEqual([["a", "b"], 0]);
      await link.close();
    }));

  it("waits as long as a busy gateway asks it to", () =>
    withKeeper(async ({ keeper }) => {
      const sender = senderOf(keeper);
      let refusals = 0;
      gateway.on("POST /v1/streams/live/batches", ({ body }) => {
        refusals += 1;
        return refusals === 1
          ? {
              status: 429,
              body: { code: "too-many-requests", message: "busy" },
              headers: { "retry-after": "1" },
            }
          : cloud.take(body);
      });
      logon(keeper, sender, "a");
      const startedAt = Date.now();
      await during(
        (signal) => sender.run(signal),
        () => eventually("it is sent", () => cloud.committed === 1),
      );
      expect([refusals, Date.now() - startedAt >= 1000]).toEqual([2, true]);
      await link.close();
    }));
});

describe("a snapshot", () => {
  it("gives a cloud that has nothing the same answers", () => {
    const table = new SessionTable({ issuer: TEST_ISSUER, incarnation: TEST_ISSUER });
    const now = Date.UTC(2026, 0, 5, 12);
    table.applyFacts([someFacts({ name: "ana", groups: ["g"] })], now);
    table.apply(
      [
        aLogon({ user: "ana", at: "09:00", correlator: "1" }),
        aLogon({ user: "ana", at: "09:30", correlator: "1" }),
        aLogon({ user: "ben", ip: "10.0.0.2", at: "09:00" }),
        anEnd({ user: "ben", ip: "10.0.0.2", at: "10:00" }),
        aLogon({ user: "cho", ip: "10.0.0.3", at: "09:00", class: "B" }),
        aLogon({ user: "pc", ip: "10.0.0.3", at: "09:00", kind: "device" }),
      ],
      now,
    );
    const other = new SessionTable({ issuer: TEST_ISSUER, incarnation: TEST_ISSUER });
    for (const text of snapshotItems(table, new Set(["source-1", "directory-1"]))) {
      const item = JSON.parse(text);
      if (item.kind === "principal") other.applyFacts([item.principal], now);
      else other.apply([item.observation], now);
    }
    const answers = (one: SessionTable) =>
      [...one.entries()]
        .filter((entry) => entry.user !== null || entry.device !== null)
        // Since when is for people to read: the logons before the newest are history, and are not told again.
        .map((entry) => [entry.ip, entry.user && { ...entry.user, since: 0 }, entry.device])
        .sort();
    expect(answers(other)).toEqual(answers(table));
    const told = snapshotItems(table, new Set(["source-1", "directory-1"])).map((text) => JSON.parse(text));
    const ids = told.flatMap((item) => (item.kind === "observation" ? [item.observation.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.some((id: string) => id.includes("~"))).toBe(false);
    expect([...table.states()].flatMap(observationsOf).map((one) => one.id)).toContain(
      [...table.states()][0]?.user.claims[0]?.id,
    );
  });

  it("tells of tickets what decides about them: the oldest of two minutes as well as the newest", () => {
    const now = at("10:30");
    const numbering = { issuer: TEST_ISSUER, incarnation: TEST_ISSUER, corroboration: "on" } as const;
    const table = new SessionTable(numbering);
    const ticket = { user: "ben", class: "B", rule: "event:4768" } as const;
    table.apply(
      [
        aLogon({ user: "ana", at: "08:00" }),
        aLogon({ ...ticket, at: "10:00:01" }),
        aLogon({ user: "ben", class: "C", rule: "event:4624-3", at: "10:00:02" }),
        aLogon({ ...ticket, at: "10:01:50" }),
      ],
      now,
    );
    const other = new SessionTable(numbering);
    for (const text of snapshotItems(table, new Set(["source-1"])))
      other.apply([JSON.parse(text).observation], now);
    const who = (one: SessionTable) => one.entryOf("space", ip("10.0.0.1"))?.user?.name;
    expect([who(table), who(other)]).toEqual(["ben", "ben"]);
  });
});
