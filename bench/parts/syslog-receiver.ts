import { createServer, type Socket } from "node:net";
import { createSyslogListener } from "@rollcall/collectors/syslog";
import { silentLogger } from "@rollcall/observability";
import { benchSource } from "./syslog-source.ts";

/**
 * A process that takes syslog lines over TCP: `node syslog-receiver.ts collector|bare LINES`.
 * Says its port in one JSON line, and in a second one how long the lines took from the first byte to the last line.
 */
const [kind, count = "0"] = process.argv.slice(2);
const expected = Number(count);

if (kind === "collector") await receiveByCollector();
else receiveBare();

/** The product's own way: framing, header, sequences, observations, acknowledged batch by batch. */
async function receiveByCollector(): Promise<void> {
  const listener = createSyslogListener({
    udp: null,
    tcp: { host: "127.0.0.1", port: 0 },
    sources: [benchSource()],
    now: Date.now,
    log: silentLogger,
  });
  await listener.start();
  told({ port: listener.addresses.tcp?.port });
  const counters = (): Readonly<Record<string, number>> => listener.health()[0]?.counters ?? {};
  const done = new AbortController();
  // Not by the number of observations: a refused line makes none, and the run must end and say so.
  const watch = setInterval(() => {
    if ((counters().received ?? 0) >= expected && listener.counters.waitingLines === 0) done.abort();
  }, 100);
  let observations = 0;
  let begunAt = 0;
  let lastAt = 0;
  for await (const batch of listener.collect({ after: null, signal: done.signal })) {
    begunAt ||= performance.now();
    observations += batch.observations.length;
    batch.ack?.();
    lastAt = performance.now();
  }
  clearInterval(watch);
  const refused = Object.fromEntries(
    Object.entries(counters()).filter(([name]) => name.startsWith("refused.")),
  );
  told({ elapsedMs: lastAt - begunAt, observations, refused });
  process.exit(0);
}

/** The least that any receiver of lines does: parts them at line ends and decodes each. */
function receiveBare(): void {
  let lines = 0;
  let characters = 0;
  let begunAt = 0;
  const server = createServer((socket: Socket) => {
    let pending: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      begunAt ||= performance.now();
      const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      let from = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
        characters += bytes.toString("utf8", from, end).length;
        lines += 1;
        from = end + 1;
      }
      pending = bytes.subarray(from);
      if (lines < expected) return;
      told({ elapsedMs: performance.now() - begunAt, observations: 0, refused: {}, characters });
      process.exit(0);
    });
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    told({ port: typeof address === "object" ? address?.port : 0 });
  });
}

function told(facts: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}
