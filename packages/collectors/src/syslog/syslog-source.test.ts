import { parseIp } from "@rollcall/identity-core";
import { describe, expect, it } from "vitest";
import type { SyslogSourceConfig } from "./source-config.ts";
import { SyslogSource } from "./syslog-source.ts";
import { aSource, sequencesOf, TestClock } from "./testing/builders.ts";
import { fixture } from "./testing/recorded.ts";

const clock = new TestClock();
const sender = (() => {
  const ip = parseIp("192.0.2.7");
  if (ip === null) throw new Error("a documentation address must parse");
  return ip;
})();

function open(overrides: Partial<SyslogSourceConfig> = {}): SyslogSource {
  return new SyslogSource(aSource({ senders: ["192.0.2.7"], ...overrides }), clock.now(), () => 0);
}

function read(source: SyslogSource, text: string, receivedAt = clock.now()) {
  return source.read({ bytes: Buffer.from(text), text, sender, receivedAt }, source.match(text, sender));
}

describe("a syslog source", () => {
  it("makes one class A start of a begin inside the addresses that it speaks for", () => {
    const { observations } = read(
      open(),
      "<13>1 2026-11-21T20:29:58Z gate1 auth - - - login user=CORP\\alice ip=10.1.2.3 session=77",
    );
    expect(observations).toEqual([
      {
        id: expect.stringMatching(/^syslog:[\w-]{22}#0$/),
        recordId: expect.stringMatching(/^syslog:[\w-]{22}$/),
        sourceId: "vpn",
        family: "syslog",
        addressSpaceId: "default",
        ip: "10.1.2.3",
        kind: "user",
        verb: "start",
        class: "A",
        effectiveAt: Date.parse("2026-11-21T20:29:58Z"),
        receivedAt: clock.now(),
        lifetimeMs: 3_600_000,
        principal: { name: "alice", domain: "CORP" },
        correlator: "77",
        rule: "syslog:login",
        sourceLabel: "Rollcall syslog VPN",
      },
    ]);
  });

  it("caps what it says of other addresses at class D, and says so", () => {
    const outcome = read(open(), "login user=alice ip=172.16.0.9");
    expect(outcome.observations[0]?.class).toBe("D");
    expect(outcome.note).toMatch(/outside the addresses/);
  });

  it("lets no end through for an address that it does not speak for: it could end another source's session", () => {
    const source = open();
    const outcome = read(source, "logout user=alice ip=172.16.0.9");
    expect(outcome.observations).toEqual([]);
    expect(source.counters.toJSON()).toMatchObject({ refused: 1, "refused.end-outside": 1 });
  });

  it("ends the named one's session of its own family, and anybody's where the line names nobody", () => {
    expect(read(open(), "logout user=alice ip=10.1.2.3").observations).toMatchObject([
      {
        kind: "user",
        verb: "end",
        principal: { name: "alice" },
        endScope: { principal: "named", family: "same" },
      },
    ]);
    expect(read(open(), "logout ip=10.1.2.3").observations).toMatchObject([
      { kind: "user", verb: "end", principal: null, endScope: { principal: "any", family: "same" } },
      { kind: "device", verb: "end", principal: null, endScope: { principal: "any", family: "same" } },
    ]);
  });

  it("adds the source's domain to a bare name and leaves a written one", () => {
    const source = open({ defaultDomain: "corp.example" });
    expect(read(source, "login user=alice ip=10.1.2.3").observations[0]?.principal).toEqual({
      name: "alice",
      domain: "corp.example",
    });
    expect(read(source, "login user=OTHER\\bob ip=10.1.2.3").observations[0]?.principal).toEqual({
      name: "bob",
      domain: "OTHER",
    });
  });

  it("gives a line the same identity however often it comes, and another one a second later", () => {
    const source = open();
    const [first, again, later] = [0, 400, 1000].map(
      (offset) =>
        read(source, "login user=alice ip=10.1.2.3", clock.now() + offset).observations[0]?.recordId,
    );
    expect(again).toBe(first);
    expect(later).not.toBe(first);
  });

  it("keeps the identity of a line with a time of its own, however late it comes again", () => {
    const line = "<13>1 2026-11-21T20:29:58Z gate1 auth - - - login user=alice ip=10.1.2.3";
    const source = open();
    const ids = [0, 3_600_000].map((offset) => read(source, line, clock.now() + offset).observations[0]?.id);
    expect(ids[0]).toBe(ids[1]);
  });

  it("holds a clock that runs ahead to five seconds after receipt, and counts it", () => {
    const source = open();
    const { observations } = read(
      source,
      "<13>1 2026-11-21T23:00:00Z gate1 auth - - - login user=alice ip=10.1.2.3",
    );
    expect(observations[0]?.effectiveAt).toBe(clock.now() + 5000);
    expect(source.counters.get("clockAhead")).toBe(1);
  });

  it("uses the receive time for a stamp without a zone, and the stamp where the source declares its zone", () => {
    const line = "<13>Nov 21 21:29:58 gate1 auth: login user=alice ip=10.1.2.3";
    expect(read(open(), line).observations[0]?.effectiveAt).toBe(clock.now());
    expect(read(open({ timeZone: "Europe/Zurich" }), line).observations[0]?.effectiveAt).toBe(
      Date.parse("2026-11-21T20:29:58Z"),
    );
  });

  it("leaves out events from before the starting time of their sequence", () => {
    const sequences = sequencesOf("key-value").map((sequence) => ({ ...sequence, startingTimeMinutes: 10 }));
    const source = open({ sequences });
    const line = (time: string) => `<13>1 ${time} gate1 auth - - - login user=alice ip=10.1.2.3`;
    expect(read(source, line("2026-11-21T20:19:59Z")).observations).toEqual([]);
    expect(read(source, line("2026-11-21T20:20:01Z")).observations).toHaveLength(1);
    expect(source.counters.get("refused.before-starting-time")).toBe(1);
  });

  it("finds the address of an end by its session, and says when it never saw the begin", () => {
    const source = open({ sequences: sequencesOf("openvpn") });
    const down = "alice/203.0.113.7:51820 SIGTERM[soft,remote-exit] received, client-instance exiting";
    expect(read(source, down).observations).toEqual([]);
    read(source, "x MULTI: primary virtual IP for alice/203.0.113.7:51820: 10.8.0.6");
    expect(read(source, down).observations).toMatchObject([
      { verb: "end", ip: "10.8.0.6", correlator: "alice/203.0.113.7:51820" },
    ]);
    expect(source.counters.get("refused.session-not-known")).toBe(1);
  });

  it("reads each successful LDAP, SMB and Kerberos logon of a recorded Samba log, and nothing else of it", () => {
    const source = open({ sequences: sequencesOf("samba-auth-json"), speaksFor: ["127.0.0.0/8"] });
    const lines = fixture("samba-auth.json.log").trimEnd().split("\n");
    const people = lines.flatMap((line) => read(source, line).observations);
    expect(lines).toHaveLength(54);
    // 15 LDAP binds, 1 SMB logon and 2 Kerberos pre-authentications have NT_STATUS_OK and a client's address.
    expect(people).toHaveLength(18);
    expect(new Set(people.map(({ principal }) => principal?.domain))).toEqual(new Set(["CORP"]));
    expect(people.map(({ principal }) => principal?.name)).toContain("jörg.weiß");
    expect(source.counters.get("refused")).toBe(0);
  });

  it("matches none of a DHCP server's lines with any shipped configuration", () => {
    for (const id of [
      "key-value",
      "openvpn",
      "samba-auth-json",
      "freeradius-linelog",
      "juniper-secure-connect",
    ]) {
      const source = open({ sequences: sequencesOf(id) });
      for (const line of fixture("isc-dhcpd-rfc3164.log").trimEnd().split("\n")) read(source, line);
      expect(source.counters.get("matched"), id).toBe(0);
      expect(source.counters.get("received")).toBeGreaterThan(10);
    }
  });

  it("follows a recorded RADIUS session to another address and to its end", () => {
    const source = open({ sequences: sequencesOf("freeradius-linelog") });
    const seen = fixture("freeradius-linelog.txt")
      .trimEnd()
      .split("\n")
      .flatMap((line) => read(source, line).observations)
      .map(({ verb, ip, correlator }) => [verb, ip, correlator]);
    expect(seen).toEqual([
      ["start", "10.1.2.3", "5F0001"],
      ["start", "10.1.2.9", "5F0001"],
      ["end", "10.1.2.9", "5F0001"],
    ]);
  });

  it("says which box of which sequence is broken when its rules do not compile", () => {
    const [sequence] = sequencesOf("key-value");
    if (sequence === undefined) throw new Error("a base configuration has sequences");
    const source = open({ sequences: [{ ...sequence, trigger: "(?<=x)y" }] });
    expect(source.fault).toMatch(/^sequence "login", trigger, position 1: look-behind is not supported/);
  });
});
