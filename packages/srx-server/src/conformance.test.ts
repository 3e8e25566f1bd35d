import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, type Harness, readToEnd, startHarness } from "./testing/index.ts";

const LAST = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/** What a client sees of HTTP itself is the same whichever engine reads it. */
describe.each(["own", "node"] as const)("the %s engine", (engine) => {
  let harness: Harness;
  let token: string;
  beforeAll(async () => {
    harness = await startHarness({ engine });
    for (let at = 0; at < 1000; at++)
      harness.source.tell(
        anEntry({ ip: `10.0.${at >> 8}.${at & 255}`, user: anEntryUser({ name: `user${at}` }) }),
      );
    token = await harness.token();
  });
  afterAll(() => harness.stop());

  const post = (head: string, body: string) => `POST /q?x=1 HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${body}`;

  test.each([
    ["a body by its length, then another question", post("Content-Length: 3", "a=b") + LAST, [401, 200]],
    [
      "a body in chunks, then another question",
      `${post("Transfer-Encoding: chunked", "2\r\na=\r\n1\r\nb\r\n0\r\n\r\n")}${LAST}`,
      [401, 200],
    ],
    ["an empty line after a body", `${post("Content-Length: 3", "a=b")}\r\n${LAST}`, [401, 200]],
    [
      "a body announced first",
      `${post("Expect: 100-continue\r\nContent-Length: 3", "")}`,
      [100],
      "a=b",
      [401],
    ],
    ["HTTP/1.0 that wants to stay", `GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${LAST}`, [200, 200]],
    ["a target with scheme and host", `GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n${LAST}`, [200, 200]],
    ["a method nobody serves", `DELETE /q HTTP/1.1\r\nHost: x\r\n\r\n${LAST}`, [405, 200]],
    [
      "another protocol offered",
      `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n`,
      [200],
    ],
    ["no host", "GET / HTTP/1.1\r\n\r\n", [400]],
    [
      "an expectation nobody knows",
      `${post("Expect: tea\r\nContent-Length: 0\r\nConnection: close", "")}`,
      [417],
    ],
  ] as const)("%s", async (_, sent, statuses, then?: string, rest: readonly number[] = []) => {
    const socket = await harness.raw();
    const everything = readToEnd(socket);
    socket.write(sent, "latin1");
    if (then !== undefined) {
      await expect.poll(() => socket.bytesRead).toBeGreaterThan(0);
      socket.write(then);
      socket.write(LAST);
    }
    const seen = [...(await everything).matchAll(/HTTP\/1\.1 (\d+) /g)].map((match) => Number(match[1]));
    expect(seen).toEqual([...statuses, ...rest, ...(then === undefined ? [] : [200])]);
  });

  test("HEAD is answered without a body", async () => {
    const socket = await harness.raw();
    socket.write("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const text = await readToEnd(socket);
    expect(text).toMatch(/^HTTP\/1\.1 405 /);
    expect(text.endsWith("\r\n\r\n")).toBe(true);
  });

  test("a full page comes whole to a reader that takes its time, and again on the same connection", async () => {
    const socket = await harness.raw();
    let held = Buffer.alloc(0);
    const ask = `GET /user_query/v2/users/endpoints?begintime=0&entry_count=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`;
    socket.write(`${ask}\r\n${ask}Connection: close\r\n\r\n`);
    for await (const chunk of socket) {
      held = Buffer.concat([held, chunk as Buffer]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answers = held.toString().split(/(?=HTTP\/1\.1 200 OK\r\n)/);
    expect(answers).toHaveLength(2);
    for (const answer of answers) {
      const [head = "", body = ""] = answer.split("\r\n\r\n");
      expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
      const { report_entries: entries } = JSON.parse(body) as { report_entries: { user: string }[] };
      expect(entries.map(({ user }) => user)).toEqual(Array.from({ length: 1000 }, (_, at) => `user${at}`));
    }
  });

  test("a reader that reads nothing is closed, and holds nobody up", async () => {
    const slow = await startHarness({ engine, limits: { stalledAnswerMs: 300 } });
    try {
      for (let at = 0; at < 1000; at++)
        slow.source.tell(
          anEntry({ ip: `10.0.${at >> 8}.${at & 255}`, user: anEntryUser({ groups: ["g".repeat(100)] }) }),
        );
      const socket = await slow.raw();
      socket.on("error", () => undefined);
      const headers = bearer(await slow.token());
      const ask = `GET /user_query/v2/users/endpoints?begintime=0&entry_count=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\n\r\n`;
      // More than the sockets of both sides hold.
      socket.write(ask.repeat(40));
      socket.pause();
      await expect.poll(() => slow.server.health().counters.connections, { timeout: 10_000 }).toBe(1);
      expect((await slow.ask({ path: "/" })).status).toBe(200);
      await expect.poll(() => slow.server.health().counters.connections, { timeout: 20_000 }).toBe(0);
    } finally {
      await slow.stop();
    }
  });
});

describe("our own engine answers what came before a fault, where Node's forgets the answer it owes", () => {
  test.each([
    ["a question after the last one", LAST + LAST, [200]],
    ["a good question, then rubbish", "GET / HTTP/1.1\r\nHost: x\r\n\r\nrubbish\r\n\r\n", [200, 400]],
  ] as const)("%s", async (_, sent, statuses) => {
    const harness = await startHarness({ engine: "own" });
    try {
      const socket = await harness.raw();
      const everything = readToEnd(socket);
      socket.write(sent);
      const seen = [...(await everything).matchAll(/HTTP\/1\.1 (\d+) /g)].map((match) => Number(match[1]));
      expect(seen).toEqual(statuses);
    } finally {
      await harness.stop();
    }
  });
});
