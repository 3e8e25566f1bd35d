import { parseIp } from "@rollcall/identity-core";
import { createNtlmContext } from "@rollcall/windows-rpc/ntlm";
import { type FakeComputer, startFakeComputer } from "@rollcall/wmi-server/fake-computer";
import { afterEach, describe, expect, it } from "vitest";
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
