import { freePort } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import type { Login } from "../login-port.ts";
import { createServerLogin } from "./server-login.ts";

const login = (parts: Partial<Login> = {}): Login => ({
  user: "reader@corp.example",
  password: "right",
  realm: "CORP.EXAMPLE",
  kdcs: [],
  allowNtlm: false,
  ...parts,
});
const { signal } = new AbortController();

describe("a credential made ready for a server", () => {
  it("is used by NTLM at an address only where it allows that", async () => {
    const prepare = createServerLogin();
    await expect(prepare(login(), "10.0.0.1", signal)).rejects.toMatchObject({
      code: "login-unfit",
      remedy: expect.stringContaining("full DNS name"),
    });
    expect(await prepare(login({ allowNtlm: true }), "10.0.0.1", signal)).toMatchObject({
      kind: "ready",
      by: "NTLM",
      isProved: false,
    });
  });

  it("needs a realm for Kerberos, and says how to give it one", async () => {
    const prepare = createServerLogin();
    const nameless = { user: "CORP\\reader", realm: null };
    await expect(prepare(login(nameless), "dc1.corp.example", signal)).rejects.toMatchObject({
      code: "login-unfit",
      remedy: expect.stringContaining("user@corp.example"),
    });
    expect(await prepare(login({ ...nameless, allowNtlm: true }), "dc1.corp.example", signal)).toMatchObject({
      by: "NTLM",
    });
  });

  it("that no domain controller can be asked about is no refusal of it", async () => {
    const kdcs = [`127.0.0.1:${await freePort()}`];
    await expect(createServerLogin()(login({ kdcs }), "dc1.corp.example", signal)).rejects.toMatchObject({
      code: "login-unfit",
      remedy: expect.stringContaining("TCP 88"),
    });
  });
});
