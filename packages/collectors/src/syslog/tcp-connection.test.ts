import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { parseIp } from "@rollcall/identity-core";
import { afterEach, describe, expect, it } from "vitest";
import { type LineVerdict, TcpConnection } from "./tcp-connection.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A connection whose every line is held, and the sender at its other end. */
async function aHeldConnection(maxUnacknowledged: number) {
  const sender = parseIp("127.0.0.1");
  if (sender === null) throw new Error("loopback must parse");
  const held: { text: string; release: () => void }[] = [];
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const client = connect(address.port, "127.0.0.1");
  client.on("error", () => undefined);
  const [inner] = (await once(server, "connection")) as [Socket];
  const connection = new TcpConnection(inner, {
    sender,
    maxFrameBytes: 8192,
    maxUnacknowledged,
    onLine(_sender, bytes, onRelease): LineVerdict {
      held.push({ text: Buffer.from(bytes).toString(), release: onRelease });
      return { kind: "held" };
    },
    onTooLong: () => undefined,
    onFault: () => undefined,
    onClose: () => undefined,
  });
  closing.push(() => {
    connection.close();
    client.destroy();
    server.close();
  });
  return { client, inner, held };
}

describe("a TCP connection", () => {
  it("stops reading when its lines are not acknowledged: the sender waits, we hold next to nothing", async () => {
    const { client, inner, held } = await aHeldConnection(10);
    client.write(Buffer.alloc(40 * 1_048_576, "<13>a line of a sender in a hurry\n"));
    while (!inner.isPaused()) await pause(1);
    await pause(200);
    expect(held).toHaveLength(10);
    expect(inner.bytesRead).toBeLessThan(1_048_576);
  });

  it("reads on, in order, as they are acknowledged", async () => {
    const { client, held } = await aHeldConnection(10);
    const total = 1000;
    client.write(Array.from({ length: total }, (_, index) => `<13>${index}\n`).join(""));
    for (let done = 0; done < total; done += 1) {
      while (held.length <= done) await pause(1);
      expect(held.length - done).toBeLessThanOrEqual(10);
      held[done]?.release();
    }
    expect(held.map(({ text }) => text)).toEqual(Array.from({ length: total }, (_, index) => `<13>${index}`));
  });
});
