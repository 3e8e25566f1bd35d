import { tmpdir } from "node:os";
import path from "node:path";
import { parseIp } from "@rollcall/identity-core";
import { connectRpc } from "@rollcall/windows-rpc/dcerpc";
import { findEndpoint } from "@rollcall/windows-rpc/endpoint-mapper";
import { connect2, SAMR } from "@rollcall/windows-rpc/samr";
import { afterAll, beforeAll, expect, it, type TestContext } from "vitest";
import { type Lab, labForTests } from "../../../../infra/lab/lab.ts";
import type { Login } from "../login-port.ts";
import { windowsContexts } from "./windows-contexts.ts";

let found: Lab | null = null;

beforeAll(async () => {
  // Its own state and address: another run's lab is not disturbed.
  found = await labForTests({
    state: path.join(tmpdir(), "rollcall-lab", "pc-probe"),
    address: "127.0.0.26",
    isFresh: true,
  });
}, 240_000);
afterAll(async () => found?.stop());

function labOf(test: TestContext): Lab {
  if (found === null) test.skip("no Samba lab here");
  if (found === null) throw new Error("skipped");
  return found;
}

function setting(test: TestContext, parts: Partial<Login> = {}) {
  const lab = labOf(test);
  const login: Login = {
    user: lab.readerUpn,
    password: lab.password,
    realm: lab.domain.toUpperCase(),
    kdcs: [lab.address],
    allowNtlm: false,
    ...parts,
  };
  const ip = parseIp(lab.address) ?? expect.fail("an address");
  const target = { ip, hostName: lab.dcName.includes(".") ? lab.dcName : `${lab.dcName}.${lab.domain}` };
  return { lab, login, target, contexts: windowsContexts(Date.now), signal: AbortSignal.timeout(20_000) };
}

it("logs in by Kerberos where the computer's name is known, and calls are sealed by it", async (test) => {
  const { lab, login, target, contexts, signal } = setting(test);
  const made = await contexts.make(login, target, "rpc", signal);
  if (made.kind !== "accepted") throw new Error(made.reason);
  expect(made.value.isProven).toBe(true);
  const port = await findEndpoint({ host: lab.address, interface: SAMR, timeoutMs: 5000 });
  const { context } = made.value;
  const connection = await connectRpc({ host: lab.address, port, interface: SAMR, context, timeoutMs: 5000 });
  const { opnum, stub } = connect2(target.hostName);
  expect((await connection.call(opnum, stub)).length).toBe(24);
  connection.close();
  // WinRM's login is for another service of the same computer, from the same tickets.
  expect(await contexts.make(login, target, "http", signal)).toMatchObject({ value: { isProven: true } });
});

it("says that a password is wrong as the domain says it, and never tries it by NTLM", async (test) => {
  const { login, target, contexts, signal } = setting(test, { password: "wrong", allowNtlm: true });
  expect(await contexts.make(login, target, "rpc", signal)).toMatchObject({ kind: "refused" });
});

it("uses NTLM only where it is allowed and Kerberos cannot be used", async (test) => {
  const { login, target, contexts, signal } = setting(test);
  const stranger = { ...target, hostName: "pc-1.elsewhere.example" };
  const nameless = { ...target, hostName: null };
  for (const there of [stranger, nameless]) {
    await expect(contexts.make(login, there, "rpc", signal)).rejects.toMatchObject({ code: "unfit" });
    const made = await contexts.make({ ...login, allowNtlm: true }, there, "rpc", signal);
    expect(made).toMatchObject({ kind: "accepted", value: { isProven: false } });
  }
});
