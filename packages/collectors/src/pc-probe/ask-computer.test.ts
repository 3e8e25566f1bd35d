import { parseIp } from "@rollcall/identity-core";
import { describe, expect, it } from "vitest";
import { askComputer } from "./ask-computer.ts";
import type { ProbeLogin } from "./ports.ts";
import { ProbeCounters } from "./probe-counters.ts";
import { countedLogin, type FakeComputer, fakeComputers } from "./testing/fake-computers.ts";

const ip = parseIp("10.0.0.7") ?? expect.fail("an address");

function probe(computer: FakeComputer | null, logins: readonly ProbeLogin[]) {
  const { methods, knocks } = fakeComputers(computer === null ? {} : { "10.0.0.7": computer });
  const counters = new ProbeCounters();
  const ask = () =>
    askComputer(
      { ip, hostName: "pc-1.corp.example" },
      { methods, logins, counters },
      new AbortController().signal,
    );
  return { ask, knocks, counters };
}

describe("asking a computer", () => {
  it("names who sits at the console, and the computer", async () => {
    const { ask } = probe({ seated: "CORP\\ana" }, [countedLogin("reader", "right")]);
    expect(await ask()).toEqual({
      answer: {
        kind: "user",
        user: { domain: "CORP", name: "ana" },
        computer: { name: "PC-1", domain: "corp.example" },
      },
      by: { method: "wmi", credentialId: "reader" },
    });
  });

  it("names the one person who works over the network where nobody sits at the console", async () => {
    const { ask } = probe({ seated: null, remote: ["Window Manager\\DWM-2", "CORP\\ana"] }, [
      countedLogin("reader", "right"),
    ]);
    expect((await ask()).answer).toMatchObject({ kind: "user", user: { name: "ana" } });
  });

  it("names nobody where several work at one computer", async () => {
    const { ask } = probe({ seated: null, remote: ["CORP\\ana", "CORP\\bob"] }, [
      countedLogin("reader", "right"),
    ]);
    expect((await ask()).answer).toMatchObject({ kind: "nobody", because: "several" });
  });

  it("takes an account of the computer itself for nobody: it may be called like somebody of the domain", async () => {
    const { ask } = probe({ seated: "pc-1\\ana" }, [countedLogin("reader", "right")]);
    expect((await ask()).answer).toMatchObject({ kind: "nobody", because: "local-account" });
  });

  it("tries logins in their order and stops at the first that is answered", async () => {
    const { ask, knocks, counters } = probe({ seated: "CORP\\ana", denies: ["second"] }, [
      countedLogin("first", "wrong"),
      countedLogin("second", "right"),
      countedLogin("third", "right"),
      countedLogin("fourth", "right"),
    ]);
    expect((await ask()).by).toEqual({ method: "wmi", credentialId: "third" });
    expect(knocks.map(({ user }) => user)).toEqual(["first", "second", "third"]);
    expect(counters.all()).toEqual({
      "credential.first.refused": 1,
      "credential.second.denied": 1,
      "credential.third.answered": 1,
    });
  });

  it("shows a refused login to the same computer once, however many ways it listens by", async () => {
    const { ask, knocks } = probe({ seated: "CORP\\ana", listensFor: ["wmi", "winrm"] }, [
      countedLogin("reader", "wrong"),
    ]);
    expect((await ask()).answer).toMatchObject({ kind: "no-login", sentence: "reader is not taken" });
    expect(knocks).toHaveLength(1);
  });

  it("goes on by WinRM where WMI does not listen, and where it allows too little", async () => {
    const { ask } = probe({ seated: "CORP\\ana", listensFor: ["winrm"] }, [countedLogin("reader", "right")]);
    expect((await ask()).by).toEqual({ method: "winrm", credentialId: "reader" });
    const denied = probe({ seated: "CORP\\ana", listensFor: ["wmi", "winrm"], denies: ["reader"] }, [
      countedLogin("reader", "right"),
    ]);
    expect((await denied.ask()).answer).toMatchObject({ kind: "denied" });
    expect(denied.knocks.map(({ method }) => method)).toEqual(["wmi", "winrm"]);
  });

  it("shows a wrong password twice at most, over all computers", async () => {
    const login = countedLogin("reader", "wrong");
    const { ask, knocks, counters } = probe({ seated: "CORP\\ana" }, [login]);
    for (let time = 0; time < 5; time++) expect((await ask()).answer.kind).toBe("no-login");
    expect(knocks).toHaveLength(2);
    expect(counters.get("credential.reader.withheld")).toBe(3);
  });

  it("shows no login to a computer that is not there", async () => {
    const { ask, knocks } = probe(null, [countedLogin("reader", "right"), countedLogin("other", "right")]);
    expect((await ask()).answer.kind).toBe("unreachable");
    expect(knocks).toEqual([]);
  });
});
