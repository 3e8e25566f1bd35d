import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { askKdcs, NoKdcError, UnansweredProofError } from "./kdc-client.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Takes what comes and closes without a word; counts. */
async function aSilentKdc(): Promise<{ readonly port: number; readonly asked: () => number }> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      asked += 1;
      socket.destroy();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    asked: () => asked,
  };
}

describe("key distribution centres that take a question and do not answer", () => {
  it("are shown a proof of the password once between them", async () => {
    const [first, second] = [await aSilentKdc(), await aSilentKdc()];
    const kdcs = [first, second].map(({ port }) => ({ host: "127.0.0.1", port }));
    const asking = askKdcs(kdcs, Buffer.from("proof"), { timeoutMs: 2000, provesPassword: true });
    await expect(asking).rejects.toBeInstanceOf(UnansweredProofError);
    expect([first.asked(), second.asked()]).toEqual([1, 0]);
  });

  it("are passed over for any other question", async () => {
    const [first, second] = [await aSilentKdc(), await aSilentKdc()];
    const kdcs = [first, second].map(({ port }) => ({ host: "127.0.0.1", port }));
    await expect(askKdcs(kdcs, Buffer.from("question"), { timeoutMs: 2000 })).rejects.toBeInstanceOf(
      NoKdcError,
    );
    expect([first.asked(), second.asked()]).toEqual([1, 1]);
  });
});
