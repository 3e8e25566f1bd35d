import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { drawPort, ephemeralPorts, freePort, freePorts, portRefusal } from "./free-port.ts";

const HERE = path.join(import.meta.dirname, "free-port.ts");

/** Another process that draws `count` ports and lives until it is told to end. */
function elsewhere(count: number) {
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { freePorts } from ${JSON.stringify(HERE)};
       console.log(JSON.stringify(await freePorts(${count})));
       process.stdin.resume().once("end", () => process.exit(0));`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  return {
    ports: once(child.stdout, "data").then(([text]) => JSON.parse(String(text)) as number[]),
    async end() {
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    },
  };
}

/** The random number at which exactly this port is drawn. */
function drawing(port: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (drawPort(ephemeralPorts(), () => middle) < port) low = middle;
    else high = middle;
  }
  return high;
}

describe("freePort", () => {
  it("gives no port twice in one process, though nobody listened on the first", async () => {
    const ports = [
      ...(await freePorts(40)),
      ...(await Promise.all(Array.from({ length: 40 }, () => freePort()))),
    ];
    expect(new Set(ports).size).toBe(80);
    expect(await portRefusal("127.0.0.1", ports[0] ?? 0)).toBeNull();
  });

  it("gives no port that another living process was given", async () => {
    const others = [elsewhere(60), elsewhere(60)];
    try {
      const all = (await Promise.all([...others.map(({ ports }) => ports), freePorts(60)])).flat();
      expect(all).toHaveLength(180);
      expect(new Set(all).size).toBe(180);
    } finally {
      for (const other of others) await other.end();
    }
  });

  it("passes over the very port that another process was given, and that itself gave", async () => {
    const other = elsewhere(1);
    try {
      const [theirs = 0] = await other.ports;
      const ours = await freePort();
      const draws = [theirs, ours, ours + (ours === theirs + 1 ? 2 : 1)].map(drawing);
      const given = await freePort("127.0.0.1", () => draws.shift() ?? Math.random());
      expect([theirs, ours]).not.toContain(given);
      expect(draws.length).toBeLessThanOrEqual(0);
    } finally {
      await other.end();
    }
  });

  it("passes over a port that is held for TCP or for UDP", async () => {
    const [tcpPort = 0, udpPort = 0] = await freePorts(2);
    const tcp = createServer().listen(tcpPort, "127.0.0.1");
    const udp = createSocket("udp4").bind(udpPort, "127.0.0.1");
    await Promise.all([once(tcp, "listening"), once(udp, "listening")]);
    expect(await portRefusal("127.0.0.1", tcpPort)).toMatchObject({ code: "EADDRINUSE" });
    expect(await portRefusal("127.0.0.1", udpPort)).toMatchObject({ code: "EADDRINUSE" });
    tcp.close();
    udp.close();
  });

  it("says at once that an address is none of this machine's", async () => {
    await expect(freePort("192.0.2.1")).rejects.toThrow("find a free port on 192.0.2.1");
  });

  it("draws from outside the range of outgoing connections, wherever that lies", () => {
    const { first, last } = ephemeralPorts();
    for (const range of [
      { first, last },
      { first: 1024, last: 40_000 },
      { first: 12_000, last: 20_000 },
      { first: 49_152, last: 65_535 },
    ])
      for (const random of [0, 0.2, 0.5, 0.9, 0.999_999]) {
        const port = drawPort(range, () => random);
        expect(port).toBeGreaterThanOrEqual(12_000);
        expect(port).toBeLessThanOrEqual(65_535);
        expect(port >= range.first && port <= range.last).toBe(false);
      }
    expect(drawPort({ first: 1024, last: 65_535 }, () => 0.5)).toBeGreaterThan(12_000);
  });
});
