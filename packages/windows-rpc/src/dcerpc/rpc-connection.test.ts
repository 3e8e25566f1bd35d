import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { findEndpoint } from "../endpoint-mapper/index.ts";
import { NdrReader } from "../ndr/index.ts";
import { createNtlmContext } from "../ntlm/index.ts";
import { endpointMapper, type RpcServer, type RpcServerSettings, startRpcServer } from "../testing/index.ts";
import { connectRpc, type RpcConnection, RpcConnectionError, RpcFault, type RpcTarget } from "./index.ts";

const ECHO = { uuid: "8a1f0000-0000-4000-8000-000000000001", version: "1.0" };
const OTHER = { uuid: "8a1f0000-0000-4000-8000-000000000002", version: "2.3" };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function serve(settings: Partial<RpcServerSettings> = {}): Promise<RpcServer> {
  const server = await startRpcServer({
    interfaces: [
      {
        ...ECHO,
        call: (opnum, stub, { caller, objectUuid }) => {
          if (opnum === 0) return Buffer.concat([Buffer.from([opnum]), stub]);
          if (opnum === 1) return { fault: 0x1c00_001a };
          if (opnum === 2) return new Promise(() => {});
          if (opnum === 3) return Buffer.from(`${caller.account} ${objectUuid}`);
          if (opnum === 4) return Buffer.from(String(new NdrReader(stub).u32()));
          return null;
        },
      },
      { ...OTHER, call: () => Buffer.from("other") },
    ],
    accounts: [{ user: "ana", password: "right" }],
    ...settings,
  });
  cleanups.push(() => server.close());
  return server;
}

async function connect(
  port: number,
  changes: Partial<RpcTarget> & { readonly password?: string } = {},
): Promise<RpcConnection> {
  const { password = "right", ...target } = changes;
  const connection = await connectRpc({
    host: "127.0.0.1",
    port,
    interface: ECHO,
    context: createNtlmContext({ user: "ana", domain: "TEST", password }),
    timeoutMs: 10_000,
    ...target,
  });
  cleanups.push(() => connection.close());
  return connection;
}

/** A server whose bytes pass somebody who changes them. */
async function tamper(port: number, change: (bytes: Buffer, ordinal: number) => Buffer): Promise<number> {
  const between = net.createServer((client) => {
    const server = net.connect(port, "127.0.0.1");
    let ordinal = 0;
    client.pipe(server);
    server.on("data", (bytes) => {
      client.write(change(Buffer.from(bytes), ordinal));
      ordinal += 1;
    });
    for (const socket of [client, server]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        server.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => between.close());
  const address = between.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("a connection for calls", () => {
  it.each([
    { fragmentBytes: 1432, headerSigning: true },
    { fragmentBytes: 5840, headerSigning: false },
  ])("sends and receives what is longer than a fragment ($fragmentBytes)", async (settings) => {
    const server = await serve(settings);
    const connection = await connect(server.port);
    expect(connection.isHeaderSigned).toBe(settings.headerSigning);
    for (const length of [0, 1, 15, 16, 17, 1367, 1368, 1369, 100_000]) {
      const stub = Buffer.alloc(length, length % 251);
      expect(await connection.call(0, stub)).toEqual(Buffer.concat([Buffer.from([0]), stub]));
    }
  });

  it("says whose call it is and at which object", async () => {
    const connection = await connect((await serve()).port);
    const answer = await connection.call(3, Buffer.alloc(0), { objectUuid: OTHER.uuid });
    expect(answer.toString()).toBe(`ana ${OTHER.uuid}`);
  });

  it("lets calls stand in line, and gives each its own answer", async () => {
    const connection = await connect((await serve()).port);
    const stubs = Array.from({ length: 20 }, (_, n) => Buffer.alloc(3_000, n));
    const answers = await Promise.all(stubs.map((stub) => connection.call(0, stub)));
    expect(answers.map((answer) => answer.at(-1))).toEqual(stubs.map((_, n) => n));
  });

  it("goes on after a fault, which has a name", async () => {
    const connection = await connect((await serve()).port);
    const fault = await connection.call(1, Buffer.alloc(0)).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(RpcFault);
    expect(fault).toMatchObject({ status: 0x1c00_001a, statusName: "nca_s_fault_context_mismatch" });
    await expect(connection.call(99, Buffer.alloc(0))).rejects.toMatchObject({
      statusName: "nca_s_op_rng_error",
    });
    await expect(connection.call(4, Buffer.alloc(2))).rejects.toMatchObject({
      statusName: "RPC_X_BAD_STUB_DATA",
    });
    expect(await connection.call(0, Buffer.alloc(1))).toHaveLength(2);
  });

  it("speaks several interfaces in turn, and keeps the one it has where another is refused", async () => {
    const connection = await connect((await serve()).port);
    await connection.alterContext(OTHER);
    expect((await connection.call(0, Buffer.alloc(0))).toString()).toBe("other");
    await connection.alterContext(ECHO);
    expect(await connection.call(0, Buffer.alloc(0))).toHaveLength(1);
    const missing = { uuid: "8a1f0000-0000-4000-8000-000000000009", version: "1.0" };
    await expect(connection.alterContext(missing)).rejects.toMatchObject({ failure: "no-interface" });
    expect(await connection.call(0, Buffer.alloc(0))).toHaveLength(1);
  });

  it("tells a refused login from everything else, and does not try again", async () => {
    const logins: string[] = [];
    const server = await serve({ onLogin: (login) => logins.push(login.kind) });
    const connection = await connect(server.port, { password: "wrong" });
    await expect(connection.call(0, Buffer.alloc(0))).rejects.toMatchObject({
      status: 5,
      isLoginUnproved: true,
    });
    expect(logins).toEqual(["refused"]);
  });

  it("says of a later access denied that the login was right", async () => {
    const server = await serve({
      interfaces: [{ ...ECHO, call: (opnum) => (opnum === 0 ? Buffer.alloc(4) : { fault: 5 }) }],
    });
    const connection = await connect(server.port);
    await connection.call(0, Buffer.alloc(0));
    await expect(connection.call(1, Buffer.alloc(0))).rejects.toMatchObject({ isLoginUnproved: false });
  });

  it("refuses an interface that is not there and a port where nobody is", async () => {
    const server = await serve();
    await expect(connect(server.port, { interface: { ...ECHO, version: "9.0" } })).rejects.toMatchObject({
      failure: "no-interface",
    });
    await server.close();
    await expect(connect(server.port)).rejects.toMatchObject({ failure: "unreachable" });
  });

  it("gives up at its deadline or signal, and every later call says why", async () => {
    const server = await serve();
    const late = await connect(server.port);
    await expect(late.call(2, Buffer.alloc(0), { timeoutMs: 20 })).rejects.toMatchObject({
      failure: "timeout",
    });
    await expect(late.call(0, Buffer.alloc(0))).rejects.toMatchObject({ failure: "timeout" });
    const stopped = await connect(server.port);
    const stop = new AbortController();
    const call = stopped.call(2, Buffer.alloc(0), { signal: stop.signal });
    stop.abort();
    await expect(call).rejects.toMatchObject({ failure: "aborted" });
    await expect(connect(server.port, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      failure: "aborted",
    });
  });

  it("fails at once when the server goes away in the middle of a call", async () => {
    const server = await serve();
    const connection = await connect(server.port);
    const ended = new Promise((resolve) => connection.onEnd(resolve));
    await connection.call(0, Buffer.alloc(0));
    const call = connection.call(2, Buffer.alloc(0));
    const outcome = call.catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    server.dropConnections();
    expect(await outcome).toMatchObject({ failure: "closed" });
    expect(await ended).toBeInstanceOf(RpcConnectionError);
  });

  it("takes no answer that somebody changed, and none in clear", async () => {
    const server = await serve();
    const flip = await connect(
      await tamper(server.port, (bytes, ordinal) => {
        // A bit of the first answer's stub; before it come the answers to the bind.
        if (ordinal > 0) bytes[30] = (bytes[30] ?? 0) ^ 1;
        return bytes;
      }),
    );
    await expect(flip.call(0, Buffer.alloc(20))).rejects.toMatchObject({ failure: "protocol" });
    const clear = await connect(
      await tamper(server.port, (bytes, ordinal) => {
        if (ordinal === 0) return bytes;
        const answer = Buffer.from(bytes.subarray(0, 28));
        answer.writeUInt16LE(28, 8);
        answer.writeUInt16LE(0, 10);
        return answer;
      }),
    );
    await expect(clear.call(0, Buffer.alloc(20))).rejects.toMatchObject({ failure: "protocol" });
  });

  it("ends where an answer grows beyond its bound", async () => {
    const connection = await connect((await serve()).port, { answerBytesMax: 10_000 });
    expect(await connection.call(0, Buffer.alloc(9_999))).toHaveLength(10_000);
    await expect(connection.call(0, Buffer.alloc(10_000))).rejects.toMatchObject({ failure: "protocol" });
  });

  it("refuses an interface for all to whoever did not log in", async () => {
    const connection = await connect((await serve()).port, { context: null });
    await expect(connection.call(0, Buffer.alloc(0))).rejects.toMatchObject({ status: 5 });
  });
});

describe("the endpoint mapper", () => {
  it("is asked anew, so that a port that moved is found", async () => {
    let port = 5_001;
    const mapper = await serve({ interfaces: [endpointMapper(() => [{ ...ECHO, port }])] });
    const asked = { host: "127.0.0.1", mapperPort: mapper.port, interface: ECHO, timeoutMs: 10_000 };
    expect(await findEndpoint(asked)).toBe(5_001);
    port = 5_002;
    expect(await findEndpoint(asked)).toBe(5_002);
    await expect(findEndpoint({ ...asked, interface: OTHER })).rejects.toMatchObject({
      failure: "no-interface",
    });
  });
});
