import { describe, expect, it } from "vitest";
import { baseConfigurations } from "./base-configurations.ts";
import { compileSequences, type RuleSet } from "./rule-set.ts";
import type { Matched } from "./rule-types.ts";
import { checkSamples } from "./samples.ts";

function rulesOf(id: string): RuleSet {
  const base = baseConfigurations.find((candidate) => candidate.id === id);
  if (base === undefined) throw new Error(`no base configuration ${id}`);
  const outcome = compileSequences(base.sequences);
  if (outcome.kind === "refused") throw new Error(JSON.stringify(outcome.problems));
  return outcome.rules;
}

function read(id: string, line: string): Partial<Matched> {
  const result = rulesOf(id).match(line, { senderIp: "192.0.2.1" });
  if (result.kind !== "matched") return { kind: result.kind } as never;
  const { verb, user, domain, upn, ip, device, correlator } = result;
  return { verb, user, domain, upn, ip, device, correlator };
}

const NOBODY = { user: null, domain: null, upn: null, ip: null, device: null, correlator: null };

describe("base configurations", () => {
  it.each(baseConfigurations.map((base) => [base.id, base] as const))(
    "%s compiles and holds its own positive and negative samples",
    (_id, base) => {
      const outcome = compileSequences(base.sequences);
      if (outcome.kind === "refused") throw new Error(JSON.stringify(outcome.problems, null, 2));
      expect(checkSamples(outcome.rules)).toEqual([]);
      for (const sequence of base.sequences) {
        expect(sequence.positiveSamples.length, `${sequence.id} has a line that must match`).toBeGreaterThan(
          0,
        );
        expect(sequence.negativeSamples.length, `${sequence.id} has a line that must not`).toBeGreaterThan(0);
      }
    },
  );

  it("read the three spellings of a Junos user and the tunnel address, not the outer one", () => {
    const base = baseConfigurations.find((candidate) => candidate.id === "juniper-secure-connect");
    const [up, upOld, upUpn] = base?.sequences[0]?.positiveSamples ?? [];
    expect(read("juniper-secure-connect", up ?? "")).toEqual({
      ...NOBODY,
      verb: "begin",
      user: "alice",
      ip: "10.20.31.77",
      correlator: "500053",
    });
    expect(read("juniper-secure-connect", upOld ?? "")).toMatchObject({
      user: "alice",
      domain: "CORP",
      ip: "10.20.31.77",
    });
    expect(read("juniper-secure-connect", upUpn ?? "")).toMatchObject({
      user: "alice",
      domain: "corp.example",
      upn: "alice@corp.example",
    });
  });

  it("never make a person of a site-to-site tunnel, whose user is Not-Applicable", () => {
    const base = baseConfigurations.find((candidate) => candidate.id === "juniper-secure-connect");
    const siteToSite = base?.sequences[0]?.negativeSamples[0] ?? "";
    const result = rulesOf("juniper-secure-connect").match(siteToSite, { senderIp: null });
    expect(result).toMatchObject({ kind: "refused", reason: "no-name" });
  });

  it("read a FreeRADIUS start, interim update and stop with the session id", () => {
    const line = (kind: string) =>
      `2026-11-21 19:59:11 radius acct ${kind} user=CORP\\alice ip=10.1.2.9 session=5F0001`;
    const alice = { ...NOBODY, user: "alice", domain: "CORP", ip: "10.1.2.9", correlator: "5F0001" };
    expect(read("freeradius-linelog", line("start"))).toEqual({ ...alice, verb: "begin" });
    expect(read("freeradius-linelog", line("interim"))).toEqual({ ...alice, verb: "begin" });
    expect(read("freeradius-linelog", line("stop"))).toEqual({ ...alice, verb: "end" });
  });

  it("end an OpenVPN session by its connection, for OpenVPN does not repeat the tunnel address", () => {
    const down = "alice/203.0.113.7:51820 SIGTERM[soft,remote-exit] received, client-instance exiting";
    expect(read("openvpn", down)).toEqual({
      ...NOBODY,
      verb: "end",
      user: "alice",
      correlator: "alice/203.0.113.7:51820",
    });
  });

  it("read a Samba logon of a person and of a computer, and nothing of a failed one", () => {
    const base = baseConfigurations.find((candidate) => candidate.id === "samba-auth-json");
    const ldap = base?.sequences[0]?.positiveSamples[0] ?? "";
    const device = base?.sequences[1]?.positiveSamples[0] ?? "";
    expect(read("samba-auth-json", `<86>Nov 21 20:02:05 dc1.corp.example ${ldap}`)).toEqual({
      ...NOBODY,
      verb: "begin",
      user: "jörg.weiß",
      domain: "CORP",
      ip: "10.0.5.17",
    });
    expect(read("samba-auth-json", device)).toMatchObject({ user: null, device: "WS0001", ip: "10.0.5.17" });
    expect(read("samba-auth-json", ldap.replace("NT_STATUS_OK", "NT_STATUS_NO_SUCH_USER"))).toEqual({
      kind: "not-matched",
    });
  });
});
