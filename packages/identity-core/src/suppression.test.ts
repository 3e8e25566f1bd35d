import { describe, expect, it } from "vitest";
import { createIpSet } from "./ip-range.ts";
import { createSuppression, type NameRule } from "./suppression.ts";
import { aLogon, anEnd } from "./testing/builders.ts";

const rule = (id: string, pattern: RegExp): NameRule => ({ id, matches: (text) => pattern.test(text) });
const suppress = createSuppression({
  ipInclude: createIpSet(["10.0.0.0/8"]),
  ipExclude: createIpSet(["10.9.0.0/16"]),
  principalExclude: [rule("no-service-accounts", /^svc-/i)],
  dnExclude: [rule("no-lab", /OU=Lab/)],
  ownAccounts: new Set(["corp\\rollcall"]),
});

describe("what never becomes a session", () => {
  it("asks the addresses before the names, and the exclude before the include", () => {
    expect(suppress(aLogon({ at: "09:00", ip: "127.0.0.1" }))).toEqual({
      kind: "kept-back",
      rule: "never-a-session",
    });
    expect(suppress(aLogon({ at: "09:00", ip: "10.9.1.1", user: "svc-x" }))).toEqual({
      kind: "kept-back",
      rule: "ip-exclude",
    });
    expect(suppress(aLogon({ at: "09:00", ip: "192.0.2.1" }))).toEqual({
      kind: "kept-back",
      rule: "ip-include",
    });
    expect(suppress(aLogon({ at: "09:00", user: "svc-backup" }))).toEqual({
      kind: "kept-back",
      rule: "no-service-accounts",
    });
  });

  it("keeps back well-known principals by SID, in whatever language their name is written", () => {
    const logon = aLogon({ at: "09:00", user: "AUTORITE NT" });
    expect(suppress({ ...logon, principal: { ...logon.principal, sid: "S-1-5-18" } })).toEqual({
      kind: "kept-back",
      rule: "well-known-sid",
    });
    for (const name of ["-", "N/A", "", "ANONYMOUS LOGON"])
      expect(suppress(aLogon({ at: "09:00", user: name })).kind).toBe("kept-back");
  });

  it("makes a device of a computer account, and suppresses managed service accounts that look like one", () => {
    expect(suppress(aLogon({ at: "09:00", user: "DESK-7$" }))).toMatchObject({
      observation: { kind: "device", principal: { name: "DESK-7" } },
    });
    expect(
      suppress(aLogon({ at: "09:00", user: "gmsa1$" }), { objectClass: "managed-service-account" }),
    ).toMatchObject({ kind: "kept-back" });
  });

  it("keeps back by DN, by product account and by our own account", () => {
    expect(suppress(aLogon({ at: "09:00" }), { dn: "CN=alice,OU=Lab,DC=corp" })).toEqual({
      kind: "kept-back",
      rule: "no-lab",
    });
    expect(suppress(aLogon({ at: "09:00", user: "krbtgt" })).kind).toBe("kept-back");
    expect(suppress(aLogon({ at: "09:00", user: "MSOL_0123abcd" })).kind).toBe("kept-back");
    expect(suppress(aLogon({ at: "09:00", user: "Rollcall", domain: "CORP" }))).toEqual({
      kind: "kept-back",
      rule: "own-account",
    });
  });

  it("never keeps back an end for its name: ending too much is safe", () => {
    expect(suppress(anEnd({ at: "09:00", user: "svc-backup" })).kind).toBe("kept");
  });

  it("lets an ordinary person through unchanged", () => {
    const logon = aLogon({ at: "09:00" });
    expect(suppress(logon)).toEqual({ kind: "kept", observation: logon });
  });
});
