import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Login, LoginUnanswered } from "./login-port.ts";
import { WindowsLogins } from "./windows-login.ts";

const PREAUTH_REQUIRED = 25;
const PREAUTH_FAILED = 24;
const UNAVAILABLE = 29;
const GENERIC = 60;
const PLACE = { host: "dc1.corp.example", spnClass: "HOST", timeoutMs: 2000 };

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag, body.length), body]);
}

/** KRB-ERROR with its time and its code; more is not needed to understand it. Source: RFC 4120 5.9.1 (documented). */
function kerberosError(code: number): Buffer {
  const time = tlv(0xa4, tlv(0x18, Buffer.from("20260105080000Z")));
  const message = tlv(0x7e, tlv(0x30, time, tlv(0xa6, tlv(0x02, Buffer.of(code)))));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** A key distribution centre that asks for a proof of the password and does with it what it is told. */
async function aKdc(onProof: (socket: Socket) => void, onQuestion = PREAUTH_REQUIRED) {
  let asked = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => {
      asked += 1;
      if (asked % 2 === 1) socket.end(kerberosError(onQuestion));
      else onProof(socket);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const login: Login = {
    user: "reader@corp.example",
    password: "wrong",
    realm: "CORP.EXAMPLE",
    kdcs: [`127.0.0.1:${port}`],
    // Also by NTLM, where that is allowed: a password of which nothing is known is not shown a second time.
    allowNtlm: true,
  };
  return { login, asked: () => asked, proofs: () => Math.floor(asked / 2) };
}

const newLogins = () => new WindowsLogins({ now: Date.now, heldMs: 60_000 });

describe("a login by Kerberos", () => {
  it("that the domain refuses was shown once", async () => {
    const { login, proofs } = await aKdc((socket) => socket.end(kerberosError(PREAUTH_FAILED)));
    expect(await newLogins().at(login, PLACE)).toMatchObject({ kind: "refused" });
    expect(proofs()).toBe(1);
  });

  it("that the domain took and did not answer is one that may have been refused, and goes by no other way", async () => {
    const { login, proofs } = await aKdc((socket) => socket.destroy());
    await expect(newLogins().at(login, PLACE)).rejects.toBeInstanceOf(LoginUnanswered);
    expect(proofs()).toBe(1);
  });

  it("that the domain answered with a fault of its own is one that may have been refused", async () => {
    const { login, proofs } = await aKdc((socket) => socket.end(kerberosError(GENERIC)));
    await expect(newLogins().at(login, PLACE)).rejects.toBeInstanceOf(LoginUnanswered);
    expect(proofs()).toBe(1);
  });

  it("is not shown to the next controller where one took it and says that it is not available", async () => {
    const first = await aKdc((socket) => socket.end(kerberosError(UNAVAILABLE)));
    const second = await aKdc((socket) => socket.end(kerberosError(PREAUTH_FAILED)));
    const kdcs = [...first.login.kdcs, ...second.login.kdcs];
    await expect(newLogins().at({ ...first.login, kdcs }, PLACE)).rejects.toBeInstanceOf(LoginUnanswered);
    expect([first.proofs(), second.asked()]).toEqual([1, 0]);
  });

  it("is shown to the controller that asked for it, where one before it is only starting", async () => {
    const starting = await aKdc((socket) => socket.end(kerberosError(UNAVAILABLE)), UNAVAILABLE);
    const second = await aKdc((socket) => socket.end(kerberosError(PREAUTH_FAILED)));
    const kdcs = [...starting.login.kdcs, ...second.login.kdcs];
    expect(await newLogins().at({ ...second.login, kdcs }, PLACE)).toMatchObject({ kind: "refused" });
    expect([starting.asked(), second.proofs()]).toEqual([1, 1]);
  });

  it("that is cut off while the domain thinks is one that may have been refused", async () => {
    const giveUp = new AbortController();
    const { login, proofs } = await aKdc(() => giveUp.abort(new Error("the agent ends")));
    await expect(newLogins().at(login, { ...PLACE, signal: giveUp.signal })).rejects.toBeInstanceOf(
      LoginUnanswered,
    );
    expect(proofs()).toBe(1);
  });
});
