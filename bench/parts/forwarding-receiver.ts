import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { createWefReceiver } from "@rollcall/collectors/wef";
import { parseIp } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";

/**
 * The receiver of event forwarding by itself: `node forwarding-receiver.ts FOLDER PORT`, with ours.pem, server.pem and
 * server.key in the folder. What comes is acknowledged at once. Says when it listens, and at each line it is sent what it has
 * counted, as one JSON line.
 */
const [folder = "", port = "0"] = process.argv.slice(2);
const text = (name: string): string => readFileSync(path.join(folder, name), "utf8");
const seat = parseIp("10.0.0.7");

const receiver = createWefReceiver({
  config: {
    id: "wef",
    name: "Event forwarding",
    addressSpaceId: "main",
    host: "localhost",
    port: Number(port),
    clientCaPem: text("ours.pem"),
    allow: [],
    channels: ["Security"],
    heartbeatSeconds: 900,
    readExisting: false,
    compress: true,
    lifetimeMinutes: 480,
    rulesOff: [],
    rulesOn: [],
  },
  listenHost: "127.0.0.1",
  identity: async () => ({ keyPem: text("server.key"), certificatePem: text("server.pem") }),
  site: {
    isInfrastructure: () => false,
    isController: (computer) => computer.startsWith("dc"),
    addressesOf: () => (seat === null ? [] : [seat]),
    hasDevice: () => false,
    principalOf: () => null,
  },
  markOf: () => null,
  now: Date.now,
  log: silentLogger,
  // All computers share one address here.
  limits: { connectionsPerAddress: 4000, messagesPerSecond: 1000 },
});

const stopping = new AbortController();
const reading = (async () => {
  for await (const batch of receiver.collect({ after: null, signal: stopping.signal })) batch.ack?.();
})();
while (receiver.address === null && receiver.fault === null)
  await new Promise((resolve) => setTimeout(resolve, 5));
if (receiver.fault !== null) throw new Error(receiver.fault);
console.log(JSON.stringify({ version: receiver.subscription.version }));
for await (const _line of createInterface({ input: process.stdin })) {
  const { user, system } = process.cpuUsage();
  const counters = receiver.health()[0]?.counters ?? {};
  console.log(
    JSON.stringify({ cpuMs: (user + system) / 1000, rssMb: process.memoryUsage().rss / 1e6, counters }),
  );
}
stopping.abort();
await reading;
