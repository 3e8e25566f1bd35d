import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { fuzzRuns, fuzzSeed, randomOf } from "@rollcall/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Harness, startHarness } from "./testing/index.ts";
import { mutatedRequests, oneOf } from "./testing/random-requests.ts";

const CONNECTIONS = 16;
const BROKEN_PART = 0.03;
/** What one request may keep this process busy for; sixteen stand in one turn at most. */
const BUSY_MS_MAX = 100;
const ANSWER_MS_MAX = 5000;

let harness: Harness;
let token: string;
let cookie: string;
beforeAll(async () => {
  harness = await startHarness({
    limits: {
      connectionsPerSourceMax: 1000,
      headersTimeoutMs: 2000,
      fullTables: { burst: 1e9, perSecond: 1 },
    },
  });
  for (let at = 0; at < 3000; at++)
    harness.source.tell(
      anEntry({ ip: `10.0.${at >> 8}.${at & 255}`, user: anEntryUser({ name: `u${at}` }) }),
    );
  token = await harness.token();
  cookie = (await harness.poll(token, "/user_query/v2/users/endpoints?begintime=0")).cookie ?? "";
});
afterAll(() => harness.stop());

const PATHS = [
  "/",
  "/user_query/v2/users/endpoints",
  "/api/user-query/v2/batch",
  "/user_query/v2/ip/10.0.0.1",
  "/user_query/v2/ip/999.1.1.1",
  "/user_query/v2/ip/::ffff:10.0.0.1",
  "/user_query/v2/user",
  "/oauth_token/oauth",
  "//%2e%2e/%00/..;/",
] as const;
const PARAMETERS = [
  "begintime",
  "entry_count",
  "cookie",
  "report",
  "ip",
  "id",
  "include-ip",
  "exclude_ip",
  "domain",
  "force-probe",
  "client_id",
  "client_secret",
  "grant_type",
  "x",
] as const;
const VALUES = [
  "0",
  "1",
  "1000",
  "-1",
  "1e999",
  "10.0.0.0/8",
  "0.0.0.0/0",
  "::/0",
  "a-b",
  "corp.example",
  "%",
  "%zz",
  "%00",
  "",
  "srx-a",
  "WRONG",
  "client_credentials",
  "\u00e4".repeat(3),
  "9".repeat(400),
  ",".repeat(300),
] as const;

/** A request that is HTTP and mostly nonsense. */
function nonsense(random: () => number): Buffer {
  const aValue = (): string => {
    const choice = random();
    if (choice < 0.1) return cookie;
    if (choice < 0.2) return cookie.slice(0, Math.floor(random() * 60)) + oneOf(random, ["A", "_", "%"]);
    return encodeURI(oneOf(random, VALUES)).replaceAll("%25", "%");
  };
  const pairs = Array.from(
    { length: Math.floor(random() * 5) },
    () => `${oneOf(random, PARAMETERS)}=${aValue()}`,
  ).join("&");
  const isBody = random() < 0.3;
  const headers = ["Host: x"];
  if (random() < 0.8)
    headers.push(
      `Authorization: ${oneOf(random, [`Bearer ${token}`, `Bearer ${token}`, "Bearer x", "Basic c3J4LWE6WA==", "Basic %%%", `bearer  ${token}`])}`,
    );
  if (random() < 0.2) headers.push(`Cookie: a=b; report=${aValue()}`);
  let body = "";
  if (isBody) {
    body = oneOf(random, [
      pairs,
      `{"client_id":"srx-a","client_secret":"${aValue()}"}`,
      "{".repeat(200),
      '{"__proto__":{"a":1}}',
      "\0\u00ff".repeat(50),
    ]);
    headers.push(
      `Content-Type: ${oneOf(random, ["application/x-www-form-urlencoded", "application/json", "text/xml", "x"])}`,
    );
    headers.push(`Content-Length: ${Buffer.byteLength(body, "latin1")}`);
  }
  const method = oneOf(random, ["GET", "GET", "GET", "POST", "PUT", "DELETE", "HEAD"]);
  const path = oneOf(random, PATHS) + (isBody || pairs === "" ? "" : `?${pairs}`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`, "latin1");
}

/** Sends and waits until as many answers are there as requests went out, or the other side closes. Gives the statuses. */
class Wire {
  #socket: Awaited<ReturnType<Harness["raw"]>> | null = null;

  async send(bytes: Buffer, isHead: boolean, untilClosed: boolean): Promise<number[]> {
    this.#socket ??= await harness.raw();
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let held = Buffer.alloc(0);
      const statuses: number[] = [];
      const timer = setTimeout(() => finish(new Error("no answer")), ANSWER_MS_MAX);
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        socket.off("data", take).off("close", closed).off("error", failed);
        if (error === undefined) resolve(statuses);
        else reject(error);
      };
      const failed = (): void => undefined;
      const closed = (): void => {
        this.#socket = null;
        finish();
      };
      const take = (chunk: Buffer): void => {
        held = Buffer.concat([held, chunk]);
        for (;;) {
          const end = held.indexOf("\r\n\r\n");
          if (end < 0) return;
          const head = held.toString("latin1", 0, end);
          const length = isHead ? 0 : Number(/\r\nContent-Length: (\d+)/.exec(head)?.[1] ?? 0);
          if (held.length < end + 4 + length) return;
          held = held.subarray(end + 4 + length);
          if (!head.startsWith("HTTP/1.1 100")) statuses.push(Number(head.slice(9, 12)));
          if (untilClosed || head.includes("\r\nConnection: close")) continue;
          finish();
          return;
        }
      };
      socket.on("data", take).on("close", closed).on("error", failed);
      socket.write(bytes);
      if (untilClosed) socket.end();
    });
  }

  close(): void {
    this.#socket?.destroy();
  }
}

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function ask(
  count: number,
  seed: number,
): Promise<{ readonly statuses: Map<number, number>; readonly busiestMs: number }> {
  const statuses = new Map<number, number>();
  const random = randomOf(seed);
  let left = count;
  let busiestMs = 0;
  let busyBefore = process.threadCpuUsage();
  // Counts how long this thread was busy between two turns of the event loop: waiting for other programs does not count.
  const turn = setInterval(() => {
    const busy = process.threadCpuUsage();
    busiestMs = Math.max(busiestMs, (busy.user + busy.system - busyBefore.user - busyBefore.system) / 1000);
    busyBefore = busy;
  }, 0);
  const wires = Array.from({ length: CONNECTIONS }, async () => {
    const wire = new Wire();
    while (left > 0) {
      left -= 1;
      const isBroken = random() < BROKEN_PART;
      const bytes = isBroken ? mutatedRequests(random) : nonsense(random);
      const isHead = bytes.subarray(0, 5).toString() === "HEAD ";
      const answered = await wire.send(bytes, isHead, isBroken).catch((error: unknown) => {
        throw new Error(`${String(error)} to ${JSON.stringify(bytes.toString("latin1"))}`);
      });
      for (const status of answered) {
        if (status >= 500) throw new Error(`${status} for ${JSON.stringify(bytes.toString("latin1"))}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
    wire.close();
  });
  await Promise.all(wires);
  clearInterval(turn);
  return { statuses, busiestMs };
}

const seed = fuzzSeed();
const runs = fuzzRuns(1_000_000);
test(`${runs} random requests: no 5xx, none that keeps the listener busy for ${BUSY_MS_MAX} ms, and memory as before (seed ${seed})`, {
  timeout: 7_200_000,
}, async () => {
  await ask(3000, seed + 1);
  const before = heapBytes();
  const { statuses, busiestMs } = await ask(runs, seed);
  expect(busiestMs).toBeLessThan(BUSY_MS_MAX);
  expect(
    [...statuses.keys()].filter(
      (status) => ![200, 400, 401, 404, 405, 408, 413, 417, 429, 431].includes(status),
    ),
  ).toEqual([]);
  for (const status of [200, 400, 401, 405]) expect(statuses.get(status), String(status)).toBeGreaterThan(0);
  expect(harness.server.health().counters.failed).toBe(0);
  await expect.poll(() => harness.server.health().counters.connections).toBe(0);
  expect(heapBytes() - before).toBeLessThan(8 * 1024 * 1024);
});
