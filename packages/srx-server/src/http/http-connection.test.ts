import { once } from "node:events";
import { connect, createServer } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createCounters } from "../counters.ts";
import { LoopShare } from "../loop-share.ts";
import { prepareParts } from "../prepared-answer.ts";
import { DEFAULT_LIMITS } from "../srx-server.ts";
import { HttpConnection } from "./http-connection.ts";

const READERS = 5;
const BODY = Buffer.alloc(1024 * 1024, "entry ");

/** Counts the pieces handed over in each turn of the event loop; each is as much as all may hand over in one. */
class CountedShare extends LoopShare {
  readonly turns: number[] = [];
  #now: number;
  #pieces = 0;

  constructor() {
    super(4, 0, () => this.#now);
    this.#now = 0;
  }

  override work<T>(what: () => T): T {
    if (this.#pieces === 0)
      setImmediate(() => {
        this.turns.push(this.#pieces);
        this.#pieces = 0;
      });
    this.#pieces += 1;
    return super.work(() => {
      this.#now += 4;
      return what();
    });
  }
}

test("hands over the pieces of everybody's long answers a few a turn, and all of each in the end", async () => {
  const sending = new CountedShare();
  const answer = prepareParts(
    { status: 200, reason: "OK", headers: [["Content-Length", String(BODY.length)]] },
    [BODY],
  );
  const options = {
    tls: {},
    limits: DEFAULT_LIMITS,
    counters: createCounters(),
    handle: (exchange: { write(what: typeof answer, close: boolean): void }) => exchange.write(answer, true),
  };
  const server = createServer((socket) => new HttpConnection(socket, options, sending));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const read = await Promise.all(
    Array.from({ length: READERS }, async () => {
      const client = connect(port, "127.0.0.1");
      client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      return buffer(client);
    }),
  );
  server.close();
  for (const bytes of read) expect(bytes.subarray(-BODY.length).equals(BODY)).toBe(true);
  // More than one piece in a turn is only the wait of one turn that fell into the next.
  expect(Math.max(...sending.turns)).toBeLessThanOrEqual(2);
  expect(sending.turns.length).toBeGreaterThanOrEqual((READERS * BODY.length) / (64 * 1024) / 2);
});
