import { connect, createServer, type Server } from "node:net";
import { parseIp } from "@rollcall/identity-core";
import { createNtlmContext } from "@rollcall/windows-rpc/ntlm";
import { type FakeComputer, startFakeComputer } from "@rollcall/wmi-server/fake-computer";
import { afterEach, describe, expect, it } from "vitest";
import { type LoginPort, LoginUnanswered } from "../login-port.ts";
import { askComputer } from "./ask-computer.ts";
import type { LoginContexts } from "./login-context.ts";
import { ProbeCounters } from "./probe-counters.ts";
import { countedLogin } from "./testing/fake-computers.ts";
import { createWinrmMethod } from "./winrm-method.ts";
import { createWmiMethod } from "./wmi-method.ts";

/** One address for each test: what one leaves behind is not in another's way. */
let last = 0;
let computer: FakeComputer | null = null;

afterEach(async () => {
  await computer?.close();
  computer = null;
});

/** The computer itself checks the password, as with NTLM. */
const contexts: LoginContexts = {
  make: async ({ user, password }) => {
    const another = () => createNtlmContext({ user, domain: "CORP", password });
    return {
      kind: "accepted",
      value: { context: another(), another, isProven: false, isFresh: true },
    };
  },
};

interface Scene {
  readonly console?: string | null;
  readonly remote?: readonly string[];
  readonly ways?: readonly ("wmi" | "winrm")[];
  readonly denied?: readonly string[];
  readonly password?: string;
}

async function ask({ console = null, remote = [], ways = ["wmi"], denied = [], password = "right" }: Scene) {
  last += 1;
  const host = `127.0.10.${last}`;
  computer = await startFakeComputer({
    host,
    wmiPort: 0,
    winrmPort: ways.includes("winrm") ? 0 : null,
    name: "PC-1",
    domain: "corp.example",
    seats: { console, remote },
    accounts: [{ user: "reader", password: "right" }],
    denied,
  });
  const ip = parseIp(host) ?? expect.fail("an address");
  const methods = ways.map((way) =>
    way === "wmi"
      ? createWmiMethod({ contexts, port: computer?.wmiPort ?? 0 })
      : createWinrmMethod({ contexts, httpPort: computer?.winrmPort ?? 0, httpsPort: 1 }),
  );
  const counters = new ProbeCounters();
  const asked = await askComputer(
    { ip, hostName: null },
    { methods, logins: [countedLogin("reader", password)], counters },
    AbortSignal.timeout(20_000),
  );
  return { ...asked, logins: computer.logins };
}

for (const way of ["wmi", "winrm"] as const)
  describe(`asking a computer by ${way}`, () => {
    it("names who sits at its console", async () => {
      expect(await ask({ ways: [way], console: "CORP\\zoë" })).toMatchObject({
        answer: {
          kind: "user",
          user: { domain: "CORP", name: "zoë" },
          computer: { name: "PC-1", domain: "corp.example" },
        },
        by: { method: way, credentialId: "reader" },
      });
    });

    it("names who works there over the network, and nobody where there are several or none", async () => {
      const answerFor = async (remote: readonly string[]) => (await ask({ ways: [way], remote })).answer;
      expect(await answerFor(["CORP\\ana"])).toMatchObject({ kind: "user", user: { name: "ana" } });
      await computer?.close();
      expect(await answerFor(["CORP\\ana", "CORP\\bob"])).toMatchObject({ because: "several" });
      await computer?.close();
      expect(await answerFor([])).toMatchObject({ kind: "nobody", because: "nobody" });
    });

    it("tells a missing right from a wrong password", async () => {
      expect((await ask({ ways: [way], denied: ["reader"] })).answer.kind).toBe("denied");
      await computer?.close();
      expect((await ask({ ways: [way], password: "wrong" })).answer.kind).toBe("no-login");
    });
  });

it("shows a wrong password once to a computer that listens for both", async () => {
  const { logins } = await ask({ ways: ["wmi", "winrm"], password: "wrong" });
  expect(logins).toEqual(["reader wrong-password"]);
});

describe("a computer that takes the password and says nothing", () => {
  /** Passes on what is said until `isPassword` sees the password in it, and then hangs up. Counts who comes. */
  async function cutter(
    to: { readonly host: string; readonly port: number },
    isPassword: (said: Buffer) => boolean,
  ) {
    let came = 0;
    const server: Server = createServer((socket) => {
      came += 1;
      const onward = connect(to.port, to.host);
      const end = (): void => {
        socket.destroy();
        onward.destroy();
      };
      for (const one of [socket, onward]) one.on("error", end).on("close", end);
      onward.on("data", (said) => socket.write(said));
      socket.on("data", (said) => {
        if (isPassword(said)) end();
        else onward.write(said);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, to.host, resolve));
    const address = server.address();
    return {
      port: typeof address === "object" && address !== null ? address.port : 0,
      came: () => came,
      close: () => new Promise((resolve) => server.close(resolve)),
    };
  }
  const AUTH3 = 16;
  const isRpcPassword = (said: Buffer): boolean => said[2] === AUTH3;
  const isHttpPassword = (said: Buffer): boolean => said.includes("Negotiate TlRMTVNTUAAD");

  it.each(["wmi", "winrm"] as const)(
    "may have refused it: it counts so, and it is not shown there by another way (%s first)",
    async (way) => {
      last += 1;
      const host = `127.0.10.${last}`;
      computer = await startFakeComputer({
        host,
        wmiPort: 0,
        winrmPort: 0,
        name: "PC-1",
        domain: "corp.example",
        seats: { console: "CORP\\ana", remote: [] },
        accounts: [{ user: "reader", password: "right" }],
      });
      const wmi = await cutter({ host, port: computer.wmiPort }, isRpcPassword);
      const winrm = await cutter({ host, port: computer.winrmPort ?? 0 }, isHttpPassword);
      const both = [
        createWmiMethod({ contexts, port: wmi.port }),
        createWinrmMethod({ contexts, httpPort: winrm.port, httpsPort: 1 }),
      ];
      const thrown: unknown[] = [];
      const port: LoginPort = {
        withheld: async () => null,
        untilUsable: async () => undefined,
        attempt: (logIn, signal) =>
          logIn({ user: "reader", password: "right", realm: null, kdcs: [], allowNtlm: true }, signal).catch(
            (error: unknown) => {
              thrown.push(error);
              throw error instanceof LoginUnanswered ? error.because : error;
            },
          ),
      };
      const { answer } = await askComputer(
        { ip: parseIp(host) ?? expect.fail("an address"), hostName: null },
        {
          methods: way === "wmi" ? both : [...both].reverse(),
          logins: [{ credentialId: "reader", port }],
          counters: new ProbeCounters(),
        },
        AbortSignal.timeout(20_000),
      );
      await Promise.all([wmi.close(), winrm.close()]);
      expect(answer.kind).not.toBe("user");
      expect(thrown.map((error) => error instanceof LoginUnanswered)).toEqual([true]);
      // A first knock, and the login.
      expect([wmi.came(), winrm.came()]).toEqual(way === "wmi" ? [2, 0] : [0, 2]);
    },
  );
});

it("the second connection that WMI takes uses the login of the first: nobody is asked for another one", async () => {
  last += 1;
  const host = `127.0.10.${last}`;
  computer = await startFakeComputer({
    host,
    wmiPort: 0,
    winrmPort: null,
    name: "PC-1",
    domain: "corp.example",
    seats: { console: "CORP\\ana", remote: [] },
    accounts: [{ user: "reader", password: "right" }],
  });
  let made = 0;
  // As Kerberos has it: proven before the computer is asked, and the computer is asked outside of the attempt.
  const proven: LoginContexts = {
    async make(login, target, service, signal) {
      made += 1;
      const outcome = await contexts.make(login, target, service, signal);
      return outcome.kind === "accepted"
        ? { kind: "accepted", value: { ...outcome.value, isProven: true } }
        : outcome;
    },
  };
  const { answer } = await askComputer(
    { ip: parseIp(host) ?? expect.fail("an address"), hostName: null },
    {
      methods: [createWmiMethod({ contexts: proven, port: computer.wmiPort })],
      logins: [countedLogin("reader", "right")],
      counters: new ProbeCounters(),
    },
    AbortSignal.timeout(20_000),
  );
  expect([answer.kind, computer.logins.length, made]).toEqual(["user", 2, 1]);
});
