import { describe, expect, it } from "vitest";
import { type JudgeContext, judge } from "./judge.ts";
import { OtherAccounts } from "./other-accounts.ts";
import {
  ALICE_SID,
  aContext,
  anEvent,
  type ContextSketch,
  type EventSketch,
  fieldsOfReal,
  ip,
  NINE,
} from "./testing/builders.ts";
import { TicketRate } from "./ticket-rate.ts";

/** What a real event of that id becomes, with the given fields in place of alice's. */
function judged(
  eventId: number,
  fields: Readonly<Record<string, string>> = {},
  sketch: ContextSketch & { readonly event?: Partial<EventSketch> } = {},
) {
  const { event = {}, ...context } = sketch;
  return judge(anEvent({ eventId, data: fieldsOfReal(eventId, fields), ...event }), aContext(context));
}

const ofPc7 = { event: { computer: "pc7.corp.example" } } as const;
const collector = (more: ContextSketch = {}) => ({ kind: "event-collector" as const, ...ofPc7, ...more });
const wef = (more: ContextSketch = {}) => ({
  kind: "wef" as const,
  ...ofPc7,
  ...more,
  more: { speaker: "pc7.corp.example", ...more.more },
});
const reasonOf = (judgement: ReturnType<typeof judge>) =>
  judgement.kind === "none" ? judgement.reason : `made ${judgement.observations.length}`;
const firstOf = (judgement: ReturnType<typeof judge>) =>
  judgement.kind === "none" ? judgement.reason : judgement.observations[0];

describe("4624, interactive logons at the workstation itself", () => {
  it.each(["2", "7", "11"])(
    "places the user of type %s where the forwarding computer was, never where the event says",
    (type) => {
      for (const context of [collector(), wef()])
        for (const IpAddress of ["127.0.0.1", "-", "10.99.0.1"])
          expect(firstOf(judged(4624, { LogonType: type, IpAddress }, context))).toMatchObject({
            kind: "user",
            verb: "start",
            class: "A",
            ip: "10.0.0.7",
            rule: `event:4624-${type}`,
            principal: { sid: ALICE_SID, name: "alice", domain: "CORP" },
          });
    },
  );

  it("makes one observation for each address the computer had, each with an identity of its own", () => {
    const made = judged(
      4624,
      { LogonType: "2" },
      collector({ hosts: { "pc7.corp.example": ["10.0.0.7", "2001:db8::7"] } }),
    );
    expect(made).toMatchObject({ observations: [{ ip: "10.0.0.7" }, { ip: "2001:db8::7" }] });
    if (made.kind === "observations") expect(new Set(made.observations.map(({ id }) => id)).size).toBe(2);
  });

  it("places nobody when it is not known where the computer was", () => {
    expect(reasonOf(judged(4624, { LogonType: "2" }, collector({ hosts: {} })))).toBe(
      "computer-at-no-known-address",
    );
  });

  it("leaves out what is infrastructure of the computer's addresses, and says so where that is all", () => {
    const hosts = { "pc7.corp.example": ["10.0.0.1", "10.0.0.7"] };
    expect(judged(4624, { LogonType: "2" }, collector({ hosts }))).toMatchObject({
      observations: [{ ip: "10.0.0.7" }],
    });
    const infrastructure = ["10.0.0.0/24"];
    expect(reasonOf(judged(4624, { LogonType: "2" }, collector({ infrastructure })))).toBe("infrastructure");
  });

  it("names a session by computer and logon id; 0x0 is none", () => {
    const of = (TargetLogonId: string) =>
      firstOf(judged(4624, { LogonType: "2", TargetLogonId }, collector()));
    for (const id of ["0x1A2B3C", "0x00000000001a2b3c"])
      expect(of(id)).toMatchObject({ correlator: "pc7.corp.example|0x1a2b3c" });
    for (const id of ["0x0", "", "-", "0x00000000", "3"]) expect(of(id)).toMatchObject({ correlator: null });
  });

  it("says that the sending computer is there too, where its connection shows it", () => {
    expect(judged(4624, { LogonType: "2" }, wef({ more: { seesDevice: true } }))).toMatchObject({
      observations: [
        { kind: "user", principal: { name: "alice" } },
        { kind: "device", ip: "10.0.0.7", principal: { name: "pc7", domain: "corp.example" } },
      ],
    });
  });

  it("does not say that a controller is where it says somebody else is", () => {
    const forwarding = { kind: "wef" as const, more: { speaker: "dc1.corp.example", seesDevice: true } };
    expect(judged(4768, {}, forwarding)).toMatchObject({ observations: [{ kind: "user" }] });
    expect(reasonOf(judged(4768, {}, forwarding))).toBe("made 1");
  });

  it("means nothing in the log of a domain controller or of an Exchange server", () => {
    for (const kind of ["domain-controller", "exchange"] as const)
      for (const LogonType of ["2", "7", "10", "11"])
        expect(reasonOf(judged(4624, { LogonType }, { kind }))).toBe("not-of-this-source");
    expect(reasonOf(judged(4624, { LogonType: "2" }, { kind: "event-collector" }))).toBe("from-a-controller");
  });

  it("believes a forwarding computer about itself only", () => {
    expect(reasonOf(judged(4624, { LogonType: "2" }, wef({ more: { speaker: "evil.corp.example" } })))).toBe(
      "not-of-the-sender",
    );
  });
});

describe("4624 type 10, remote desktop", () => {
  it("places the user on the computer they logged on to, never at the client's address", () => {
    const made = judged(4624, { LogonType: "10", IpAddress: "192.0.2.9" }, collector());
    expect(made).toMatchObject({ observations: [{ ip: "10.0.0.7", class: "A", rule: "event:4624-10" }] });
    expect(
      JSON.stringify(made, (_key, value) => (typeof value === "bigint" ? String(value) : value)),
    ).not.toContain("192.0.2.9");
  });
});

describe("4624 type 3, network logons", () => {
  it("on a domain controller is a use, class C, at the address of the event", () => {
    expect(firstOf(judged(4624))).toMatchObject({
      class: "C",
      verb: "refresh",
      ip: "10.0.0.7",
      rule: "event:4624-3",
      correlator: null,
    });
  });

  it("counts on a domain controller alone: not on a file server whose events come through a collector", () => {
    expect(firstOf(judged(4624, {}, { kind: "event-collector" }))).toMatchObject({ rule: "event:4624-3" });
    expect(
      reasonOf(judged(4624, {}, { kind: "event-collector", event: { computer: "fs1.corp.example" } })),
    ).toBe("not-from-a-controller");
  });

  it("places nobody at an address that is infrastructure or nobody's", () => {
    expect(reasonOf(judged(4624, { IpAddress: "10.0.0.1" }))).toBe("infrastructure");
    for (const IpAddress of [
      "127.0.0.1",
      "::1",
      "fe80::1cae:5aa4:9d8d:106a",
      "fe80::1%12",
      "0.0.0.0",
      "169.254.3.4",
      "::ffff:127.0.0.1",
    ])
      expect(reasonOf(judged(4624, { IpAddress }))).toBe("nobodys-address");
    for (const IpAddress of ["-", "", "  "]) expect(reasonOf(judged(4624, { IpAddress }))).toBe("no-address");
    expect(reasonOf(judged(4624, { IpAddress: "10.0.0.7:443" }))).toBe("address-not-readable");
  });

  it("is not believed of whom somebody else acts for", () => {
    expect(reasonOf(judged(4624, { TransmittedServices: "http/web1" }))).toBe("delegated");
  });
});

describe("4624, all other types", () => {
  it.each(["0", "4", "5", "8", "9", "12", "13"])(
    "type %s is never a session, and is counted",
    (LogonType) => {
      for (const context of [{}, collector(), wef()])
        expect(reasonOf(judged(4624, { LogonType }, context))).toBe(
          LogonType === "8" ? "not-of-this-source" : `logon-type-${LogonType}`,
        );
    },
  );

  it("a type that is no number is counted without what it says", () => {
    expect(reasonOf(judged(4624, { LogonType: "<script>" }))).toBe("logon-type-unknown");
  });
});

describe("4634 and 4647, logoffs", () => {
  it("4634 never ends a session when it comes from a domain controller or a file server", () => {
    expect(reasonOf(judged(4634, { LogonType: "3" }))).toBe("logon-type-3");
    expect(reasonOf(judged(4634, { LogonType: "3" }, collector()))).toBe("logon-type-3");
    expect(reasonOf(judged(4634, { LogonType: "2" }))).toBe("not-of-this-source");
    expect(reasonOf(judged(4634, { LogonType: "2" }, { kind: "event-collector" }))).toBe("from-a-controller");
  });

  it("4634 from the workstation ends the session whose logon id it names", () => {
    const begun = firstOf(judged(4624, { LogonType: "2" }, collector()));
    const ended = firstOf(judged(4634, {}, collector()));
    expect(ended).toMatchObject({
      verb: "end",
      kind: "user",
      endScope: { principal: "named", family: "same" },
      correlator: "pc7.corp.example|0x1a2b3c",
    });
    expect(begun).toMatchObject({ correlator: "pc7.corp.example|0x1a2b3c" });
  });

  it("4634 of an unlock ends nothing: Windows closes that logon at once, and the person stays", () => {
    expect(reasonOf(judged(4634, { LogonType: "7" }, collector()))).toBe("logon-type-7");
  });

  it("4647 ends the person at every address of that computer, and leaves the computer", () => {
    const hosts = { "pc7.corp.example": ["10.0.0.7", "10.1.0.7"] };
    expect(judged(4647, {}, collector({ hosts }))).toMatchObject({
      observations: [
        { verb: "end", kind: "user", ip: "10.0.0.7", correlator: null },
        { verb: "end", kind: "user", ip: "10.1.0.7", correlator: null },
      ],
    });
    expect(judged(4647, {}, wef({ more: { seesDevice: true } }))).toMatchObject({
      observations: [{ kind: "user" }],
    });
    expect(reasonOf(judged(4647))).toBe("not-of-this-source");
  });
});

describe("4768, tickets for a logon", () => {
  it("of a person is a start of class B at the unmapped address", () => {
    expect(judged(4768)).toMatchObject({
      observations: [
        {
          kind: "user",
          verb: "start",
          class: "B",
          ip: "10.0.0.7",
          rule: "event:4768",
          principal: { sid: ALICE_SID },
        },
      ],
    });
  });

  it("of a computer's account is a start of the device, without its $", () => {
    expect(judged(4768, { TargetUserName: "PC7$" })).toMatchObject({
      observations: [
        { kind: "device", verb: "start", class: "B", principal: { name: "PC7", domain: "CORP" } },
      ],
    });
  });

  it.each(["0x6", "0x18", "0x12", "", "0", "0x00000001"])("with status %j is never a session", (Status) => {
    expect(reasonOf(judged(4768, { Status }))).toBe("failed-logon");
  });

  it("takes a success that another reader padded", () => {
    expect(judged(4768, { Status: "0x00000000" }).kind).toBe("observations");
  });

  it("without pre-authentication proves no password: anybody may ask for it, and nobody is placed", () => {
    expect(reasonOf(judged(4768, { PreAuthType: "0" }))).toBe("no-password-proved");
  });

  it("keeps a name typed as a UPN as one, without a domain that may be another", () => {
    const made = firstOf(judged(4768, { TargetUserName: "alice.smith@corp.example" }));
    expect(made).toMatchObject({
      principal: { sid: ALICE_SID, name: "alice.smith", upn: "alice.smith@corp.example" },
    });
    expect(made).not.toHaveProperty("principal.domain");
  });

  it("is believed of a domain controller only, when a collector passes it on", () => {
    expect(judged(4768, {}, { kind: "event-collector" }).kind).toBe("observations");
    expect(reasonOf(judged(4768, {}, collector()))).toBe("not-from-a-controller");
    expect(reasonOf(judged(4768, {}, wef()))).toBe("not-from-a-controller");
  });
});

describe("4769, tickets for services", () => {
  it("is a use, class C, of the account before the @", () => {
    expect(judged(4769)).toMatchObject({
      observations: [
        {
          rule: "event:4769",
          verb: "refresh",
          class: "C",
          principal: { name: "alice", domain: "CORP.EXAMPLE" },
        },
      ],
    });
  });

  it("for a domain controller has a rule of its own, for it supports a logon", () => {
    for (const ServiceName of ["DC1$", "dc1$", "ldap/dc1.corp.example", "cifs/DC1.corp.example:445"])
      expect(judged(4769, { ServiceName })).toMatchObject({ rule: "event:4769-dc" });
    for (const ServiceName of ["FS1$", "krbtgt", "DC1", "http/dc1.corp.example"])
      expect(judged(4769, { ServiceName })).toMatchObject({ rule: "event:4769" });
    expect(judged(4769, { ServiceName: "DC9$" }, { event: { computer: "dc9.corp.example" } })).toMatchObject({
      rule: "event:4769-dc",
    });
  });

  it("is not believed of whom a service acts for", () => {
    expect(reasonOf(judged(4769, { TransmittedServices: "HTTP/web1@CORP.EXAMPLE" }))).toBe("delegated");
  });

  it("needs status 0x0, and an account at a realm", () => {
    expect(reasonOf(judged(4769, { Status: "0x1b" }))).toBe("failed-logon");
    for (const TargetUserName of ["alice", "@CORP", "alice@"])
      expect(reasonOf(judged(4769, { TargetUserName }))).toBe("name-without-realm");
  });

  it("of a computer is a use of the device", () => {
    expect(judged(4769, { TargetUserName: "PC7$@CORP.EXAMPLE" })).toMatchObject({
      observations: [{ kind: "device", class: "C", principal: { name: "PC7", domain: "CORP.EXAMPLE" } }],
    });
  });

  it("is taken once a minute of one person at one address, and of each kind of service by itself", () => {
    const more: Partial<JudgeContext> = { rate: new TicketRate() };
    const at = (seconds: number, fields = {}) =>
      reasonOf(judged(4769, fields, { more, event: { time: NINE + seconds * 1000 } }));
    expect(at(0)).toBe("made 1");
    expect(at(30, { ServiceName: "WEB1$" })).toBe("repeated-within-a-minute");
    expect(at(31, { ServiceName: "DC1$" })).toBe("made 1");
    expect(at(32, { IpAddress: "10.0.0.8" })).toBe("made 1");
    expect(at(33, { TargetUserName: "BOB@CORP.EXAMPLE" })).toBe("made 1");
    expect(at(34, { TargetUserName: "Alice@corp.example" })).toBe("repeated-within-a-minute");
    expect(at(60)).toBe("made 1");
  });

  it("for a controller is taken every time of a person, for it may be what supports a logon, and once a minute of a computer", () => {
    const more: Partial<JudgeContext> = { rate: new TicketRate() };
    const at = (seconds: number, TargetUserName: string) =>
      reasonOf(
        judged(
          4769,
          { ServiceName: "DC1$", TargetUserName },
          { more, event: { time: NINE + seconds * 1000 } },
        ),
      );
    for (const second of [0, 1, 1]) expect(at(second, "alice@CORP.EXAMPLE")).toBe("made 1");
    expect(at(2, "PC7$@CORP.EXAMPLE")).toBe("made 1");
    expect(at(3, "PC7$@CORP.EXAMPLE")).toBe("repeated-within-a-minute");
    expect(at(60, "PC7$@CORP.EXAMPLE")).toBe("made 1");
  });
});

describe("4770, renewed tickets", () => {
  it("only refreshes a person, and starts a device where none is", () => {
    expect(judged(4770)).toMatchObject({ observations: [{ kind: "user", verb: "refresh", class: "D" }] });
    expect(judged(4770, { TargetUserName: "PC7$@CORP.EXAMPLE" })).toMatchObject({
      observations: [{ kind: "device", verb: "start", class: "C" }],
    });
  });
});

describe("4776, passwords checked by NTLM", () => {
  it("never opens: class D at the one address where that workstation is known", () => {
    for (const Workstation of ["PC7", "\\\\PC7", " PC7 "])
      expect(judged(4776, { Workstation })).toMatchObject({
        observations: [{ class: "D", verb: "refresh", ip: "10.0.0.7", principal: { name: "alice" } }],
      });
  });

  it("means nothing where the workstation is known at no address, or at two, or fails", () => {
    expect(reasonOf(judged(4776, { Workstation: "PC8" }))).toBe("computer-at-no-known-address");
    expect(reasonOf(judged(4776, {}, { hosts: { PC7: ["10.0.0.7", "10.0.0.8"] } }))).toBe(
      "computer-at-several-addresses",
    );
    expect(reasonOf(judged(4776, {}, { infrastructure: ["10.0.0.7"] }))).toBe("infrastructure");
    expect(reasonOf(judged(4776, { Status: "0xc000006a" }))).toBe("failed-logon");
    expect(reasonOf(judged(4776, { Workstation: "" }))).toBe("no-workstation");
  });
});

describe("failures and rights", () => {
  it.each([4625, 4771, 4772, 4773])("%i is counted as a failed logon and never a session", (eventId) => {
    expect(reasonOf(judged(eventId, {}, wef()))).toBe("failed-logon");
  });

  it.each([4672, 4627])("%i says what somebody may do, not where they are", (eventId) => {
    expect(reasonOf(judged(eventId, {}, wef()))).toBe("rights-only");
  });

  it.each([6272, 6278])("%i names no address", (eventId) => {
    expect(reasonOf(judged(eventId))).toBe("names-no-address");
  });

  it("an event of no rule is counted as that", () => {
    expect(reasonOf(judged(4688))).toBe("no-rule");
  });
});

describe("4648, run as", () => {
  const runAs = (rulesOn: readonly string[], otherAccounts: OtherAccounts) =>
    ({ ...collector({ rulesOn, more: { otherAccounts } }) }) as const;

  it("keeps the other account from being taken for who sits there, for five minutes", () => {
    const context = runAs(["event:4648"], new OtherAccounts());
    expect(reasonOf(judged(4648, {}, context))).toBe("other-account-noted");
    const logon = (seconds: number, TargetUserName: string) =>
      reasonOf(
        judged(
          4624,
          { LogonType: "2", TargetUserName },
          { ...context, event: { ...ofPc7.event, time: NINE + seconds * 1000 } },
        ),
      );
    expect(logon(1, "ADM-Alice")).toBe("other-account");
    expect(logon(299, "adm-alice")).toBe("other-account");
    expect(logon(301, "adm-alice")).toBe("made 1");
    expect(logon(1, "bob")).toBe("made 1");
  });

  it("does nothing while it is off, and nothing for the event that Windows itself writes at each logon", () => {
    const otherAccounts = new OtherAccounts();
    expect(reasonOf(judged(4648, {}, runAs([], otherAccounts)))).toBe("rule-off");
    const bySystem = { SubjectUserSid: "S-1-5-18", SubjectUserName: "PC7$", TargetUserName: "alice" };
    expect(reasonOf(judged(4648, bySystem, runAs(["event:4648"], otherAccounts)))).toBe("not-run-as");
    expect(reasonOf(judged(4648, { TargetUserName: "ALICE" }, runAs(["event:4648"], otherAccounts)))).toBe(
      "not-run-as",
    );
    expect(reasonOf(judged(4624, { LogonType: "2" }, runAs(["event:4648"], otherAccounts)))).toBe("made 1");
  });
});

describe("4778, 4779, 4800 to 4803", () => {
  it("4778 is off, and on places the user at the computer, never at the client's address", () => {
    expect(reasonOf(judged(4778, {}, collector()))).toBe("rule-off");
    expect(firstOf(judged(4778, {}, collector({ rulesOn: ["event:4778"] })))).toMatchObject({
      ip: "10.0.0.7",
      class: "A",
      verb: "start",
      correlator: "pc7.corp.example|0x1a2b3c",
      principal: { name: "alice", domain: "CORP" },
    });
  });

  it("4801 is off, and on refreshes with class A", () => {
    expect(reasonOf(judged(4801, {}, collector()))).toBe("rule-off");
    expect(firstOf(judged(4801, {}, collector({ rulesOn: ["event:4801"] })))).toMatchObject({
      verb: "refresh",
      class: "A",
      ip: "10.0.0.7",
    });
  });

  it("4779 is off, and on says that somebody was there until then, and ends nothing", () => {
    expect(reasonOf(judged(4779, {}, collector()))).toBe("rule-off");
    expect(firstOf(judged(4779, {}, collector({ rulesOn: ["event:4779"] })))).toMatchObject({
      ip: "10.0.0.7",
      class: "D",
      verb: "refresh",
      correlator: "pc7.corp.example|0x1a2b3c",
      principal: { name: "alice", domain: "CORP" },
    });
  });

  it.each([4800, 4802, 4803])("%i neither opens nor ends anything, whatever is switched on", (eventId) => {
    expect(reasonOf(judged(eventId, {}, collector({ rulesOn: [`event:${eventId}`] })))).toBe(
      "says-nothing-of-a-seat",
    );
  });
});

describe("5140, shares", () => {
  it("is off, and on only refreshes, for SYSVOL and NETLOGON alone", () => {
    expect(reasonOf(judged(5140))).toBe("rule-off");
    const on = { rulesOn: ["event:5140"] };
    for (const ShareName of ["\\\\*\\SYSVOL", "\\\\*\\NETLOGON", "\\\\*\\sysvol"])
      expect(firstOf(judged(5140, { ShareName }, on))).toMatchObject({ verb: "refresh", class: "D" });
    for (const ShareName of ["\\\\*\\C$", "\\\\*\\IPC$", "\\\\*\\SYSVOL2", ""])
      expect(reasonOf(judged(5140, { ShareName }, on))).toBe("other-share");
  });

  it("also refreshes for a share that the source names, in whatever case, and for no other", () => {
    const { source } = aContext();
    const on = { rulesOn: ["event:5140"], more: { source: { ...source, shares: ["Homes"] } } };
    for (const ShareName of ["\\\\*\\HOMES", "\\\\*\\SYSVOL"])
      expect(firstOf(judged(5140, { ShareName }, on))).toMatchObject({ verb: "refresh", class: "D" });
    for (const ShareName of ["\\\\*\\Homes2", "\\\\*\\IPC$"])
      expect(reasonOf(judged(5140, { ShareName }, on))).toBe("other-share");
  });
});

describe("Exchange", () => {
  it.each(["3", "8"])(
    "type %s starts with class C where no domain computer is, and refreshes where one is",
    (LogonType) => {
      expect(firstOf(judged(4624, { LogonType }, { kind: "exchange" }))).toMatchObject({
        verb: "start",
        class: "C",
      });
      expect(firstOf(judged(4624, { LogonType }, { kind: "exchange", devices: ["10.0.0.7"] }))).toMatchObject(
        {
          verb: "refresh",
          class: "D",
        },
      );
    },
  );

  it("places nobody at a proxy or a load balancer", () => {
    expect(
      reasonOf(judged(4624, { LogonType: "8" }, { kind: "exchange", infrastructure: ["10.0.0.7"] })),
    ).toBe("infrastructure");
  });

  it("makes no device of a computer that reads mail, and knows no tickets", () => {
    expect(reasonOf(judged(4624, { TargetUserName: "PC7$" }, { kind: "exchange" }))).toBe("computer-account");
    expect(reasonOf(judged(4768, {}, { kind: "exchange" }))).toBe("not-of-this-source");
  });
});

describe("names that never become users", () => {
  it.each([
    "S-1-5-7",
    "S-1-5-17",
    "S-1-5-18",
    "S-1-5-19",
    "S-1-5-20",
    "S-1-5-90-0-1",
    "S-1-5-96-0-0",
    "S-1-0-0",
  ])("%s is nobody, in whatever language its name is", (TargetUserSid) => {
    const fields = { TargetUserSid, TargetUserName: "Jemand" };
    expect(reasonOf(judged(4624, fields))).toBe("well-known-sid");
    expect(reasonOf(judged(4624, { ...fields, LogonType: "2" }, collector()))).toBe("well-known-sid");
    expect(reasonOf(judged(4634, fields, collector()))).toBe("well-known-sid");
  });

  it.each([
    ["krbtgt", "product-account"],
    ["HealthMailboxf49e2c8", "product-account"],
    ["SM_0123456789ab", "product-account"],
    ["MSOL_0123abcd", "product-account"],
    ["AAD_0123abcd", "product-account"],
    ["AZUREADSSOACC$", "product-account"],
    ["$", "no-name"],
    ["-", "no-name"],
    ["", "no-name"],
  ])("%j is nobody: %s", (TargetUserName, reason) => {
    expect(reasonOf(judged(4768, { TargetUserName }))).toBe(reason);
  });

  it("a controller's own account is nobody, nor a person's that is called like one", () => {
    expect(reasonOf(judged(4768, { TargetUserName: "DC1$" }))).toBe("controllers-own-account");
    expect(reasonOf(judged(4768, { TargetUserName: "dc1" }))).toBe("controllers-own-account");
  });

  it("a name longer than any of Windows is refused, for the stream to the cloud would be", () => {
    expect(reasonOf(judged(4768, { TargetUserName: "a".repeat(257) }))).toBe("name-too-long");
    expect(reasonOf(judged(4768, {}, { event: { computer: "c".repeat(131) } }))).toBe(
      "computer-name-too-long",
    );
  });
});

describe("what is said beside the event", () => {
  it("is one record, whether it is read from its own log or through a collector", () => {
    const event = anEvent({ eventId: 4768, recordId: 4711n, data: fieldsOfReal(4768) });
    const direct = judge(event, aContext());
    const through = judge(
      event,
      aContext({
        kind: "event-collector",
        more: { source: { ...aContext().source, id: "wec", kind: "event-collector" } },
      }),
    );
    expect(direct).toMatchObject({
      observations: [{ id: `windows:dc1.corp.example/Security/4711@${NINE}#0` }],
    });
    expect(firstOf(through)).toMatchObject({ id: `windows:dc1.corp.example/Security/4711@${NINE}#0` });
    expect(firstOf(judge({ ...event, time: NINE + 1 }, aContext()))).not.toMatchObject({
      id: `windows:dc1.corp.example/Security/4711@${NINE}#0`,
    });
  });

  it("takes the offset of the source's clock away, and holds the time to 5 s after receipt", () => {
    const at = (more: Partial<JudgeContext>) => firstOf(judged(4768, {}, { more }));
    expect(at({ clockOffsetMs: 3000 })).toMatchObject({ effectiveAt: NINE - 3000 });
    expect(at({ clockOffsetMs: -60_000, receivedAt: NINE })).toMatchObject({ effectiveAt: NINE + 5000 });
  });

  it("is never stronger than its cap", () => {
    expect(firstOf(judged(4768, {}, { more: { cap: "D" } }))).toMatchObject({ class: "D" });
    expect(firstOf(judged(4770, {}, { more: { cap: "C" } }))).toMatchObject({ class: "D" });
  });

  it("calls a person as the directory does, where it knows the SID", () => {
    const principals = (sid: string) =>
      sid === ALICE_SID ? { sid, name: "alice", domain: "corp.example", upn: "alice@corp.example" } : null;
    expect(firstOf(judged(4768, { TargetUserName: "ALICE" }, { principals }))).toMatchObject({
      principal: { sid: ALICE_SID, name: "alice", domain: "corp.example" },
    });
  });

  it("believes the Security log's own provider alone: any program may write an event of that number", () => {
    expect(reasonOf(judged(4768, {}, { event: { provider: "Some-Program" } }))).toBe("other-provider");
    expect(reasonOf(judged(4768, {}, { event: { channel: "Application" } }))).toBe("other-provider");
  });

  it("means nothing without a time", () => {
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 1.5])
      expect(reasonOf(judged(4768, {}, { event: { time } }))).toBe("no-time");
  });

  it("reads fields by name, in whatever version of the event", () => {
    for (const version of [0, 1, 2, 3])
      expect(judged(4624, {}, { event: { version } }).kind).toBe("observations");
  });

  it("has an address for each observation that is a seat", () => {
    expect(firstOf(judged(4624, { IpAddress: "2001:DB8::7" }))).toMatchObject({ ip: ip("2001:db8::7") });
  });
});
