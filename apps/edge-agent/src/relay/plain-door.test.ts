import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createIpSet } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { FakeClock } from "@rollcall/testkit";
import { describe, expect, test } from "vitest";
import { createPlainDoor, PLAIN_BANNER, PLAIN_DOOR_MS, readPlainDoorFlags } from "./plain-door.ts";

async function withDoor(
  from: string,
  work: (lab: {
    clock: FakeClock;
    said: string[];
    taken: Socket[];
    port: () => number;
    health: () => string;
  }) => Promise<void>,
) {
  const clock = new FakeClock();
  const said: string[] = [];
  const taken: Socket[] = [];
  const door = createPlainDoor({
    listen: { host: "127.0.0.1", port: 0 },
    from: createIpSet([from]),
    door: {
      take(socket, peer) {
        taken.push(socket);
        socket.on("error", () => undefined);
        socket.write(`${peer.address} ${peer.transport}`);
      },
    },
    say: (text) => said.push(text),
    clock,
    log: silentLogger,
  });
  await door.start(new AbortController().signal);
  try {
    await work({
      clock,
      said,
      taken,
      port: () => door.address?.port ?? 0,
      health: () => door.health().sentence,
    });
  } finally {
    await door.stop();
  }
}

describe("the plain listener", () => {
  test("hands a listed firewall's connection to the listener that answers, with its address", () =>
    withDoor("127.0.0.1", async ({ port }) => {
      const socket = connect({ host: "127.0.0.1", port: port() });
      const [first] = await once(socket, "data");
      expect(String(first)).toBe("127.0.0.1 plain HTTP");
      socket.destroy();
    }));

  test("closes anybody else's without a word", () =>
    withDoor("192.0.2.9", async ({ port, taken }) => {
      const socket = connect({ host: "127.0.0.1", port: port() });
      socket.on("error", () => undefined);
      await once(socket, "close");
      expect(taken).toEqual([]);
    }));

  test("says every minute what it is, and closes itself and what it has taken after an hour", () =>
    withDoor("127.0.0.1", async ({ clock, said, port, health }) => {
      const socket = connect({ host: "127.0.0.1", port: port() });
      await once(socket, "data");
      expect(health()).toContain("without TLS");
      const closed = once(socket, "close");
      await clock.advance(PLAIN_DOOR_MS - 1);
      expect(said).toEqual(Array.from({ length: 60 }, () => PLAIN_BANNER));
      expect(port()).not.toBe(0);
      await clock.advance(1);
      await closed;
      expect(port()).toBe(0);
      await expect.poll(health).toContain("Its hour is over");
    }));

  test.each([
    [undefined, ["10.0.0.1"], "needs host:port"],
    ["127.0.0.1:80", undefined, "needs --plain-firewall-from"],
    ["127.0.0.1:80", ["10.0.0.0/8"], "is not one address"],
  ] as const)("is refused with %s from %s", (listen, from, sentence) => {
    expect(() => readPlainDoorFlags(listen, from)).toThrow(sentence);
  });
});
