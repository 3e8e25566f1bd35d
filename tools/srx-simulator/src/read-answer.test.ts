import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAnswer } from "./read-answer.ts";

/** The example of the protocol paper, section 13 row 2a, word for word. */
const PAPER_2A =
  '{"cookie":"AQAAAGjnfgAAAAAAAAAB9A","report_entries":[{"timestamp":1760000000,"activity":"login","operation":"logon","source":"JIMS-Active Directory","ip-address":"192.0.2.50","ip":"192.0.2.50","domain-name":"corp.example","domain":"corp.example","user-name":"alice","user":"alice","username":"alice","roles":["engineering","vpn-users"],"is_online":true,"device-name":"desk-7","device":"desk-7","end-user-attribute":{"device-identity":{"value":"desk-7","groups":["workstations"]},"device-os":"windows 11"}},{"timestamp":1760000003,"activity":"login","operation":"logon","source":"JIMS-Active Directory","ip-address":"192.0.2.75","ip":"192.0.2.75","domain-name":"corp.example","domain":"corp.example","user-name":"","user":"","username":"","roles":[],"is_online":true,"device-name":"kiosk-3","device":"kiosk-3","end-user-attribute":{"device-identity":{"value":"kiosk-3","groups":["kiosks"]}}},{"timestamp":1760000011,"activity":"logout","operation":"logoff","source":"JIMS-Active Directory","ip-address":"192.0.2.60","ip":"192.0.2.60","domain-name":"corp.example","domain":"corp.example","user-name":"bob","user":"bob","username":"bob","roles":[],"is_online":false}]}';

const ALICE = {
  kind: "logon",
  ip: "192.0.2.50",
  user: "alice",
  domain: "corp.example",
  groups: ["engineering", "vpn-users"],
  device: "desk-7",
  deviceGroups: ["workstations"],
  deviceAttributes: { "device-os": "windows 11" },
  source: "JIMS-Active Directory",
  atMs: 1_760_000_000_000,
};

const read = (document: unknown) => readAnswer(JSON.stringify(document));
const one = (entry: unknown) => {
  const answer = read([entry]);
  return answer.kind === "answer" ? (answer.reports[0] ?? answer.rejected[0]) : answer.reason;
};

describe("readAnswer", () => {
  it("reads the paper's batch answer: a person, a device alone, a logoff", () => {
    expect(readAnswer(PAPER_2A)).toEqual({
      kind: "answer",
      cookie: "AQAAAGjnfgAAAAAAAAAB9A",
      rejected: [],
      complaints: [],
      reports: [
        ALICE,
        {
          ...ALICE,
          ip: "192.0.2.75",
          user: "",
          groups: [],
          device: "kiosk-3",
          deviceGroups: ["kiosks"],
          deviceAttributes: {},
          atMs: 1_760_000_003_000,
        },
        {
          ...ALICE,
          kind: "logoff",
          ip: "192.0.2.60",
          user: "bob",
          groups: [],
          device: null,
          deviceGroups: [],
          deviceAttributes: {},
          atMs: 1_760_000_011_000,
        },
      ],
    });
  });

  it.each([
    [
      "only the names of candidate A",
      {
        "ip-address": "192.0.2.50",
        "user-name": "alice",
        "domain-name": "corp.example",
        roles: ["engineering", "vpn-users"],
        "device-name": "desk-7",
        timestamp: 1_760_000_000,
        activity: "login",
      },
    ],
    [
      "only the names of the push schema",
      {
        IP: "192.0.2.50",
        user: "alice",
        domain: "corp.example",
        "role-list": { role: ["engineering", "vpn-users"] },
        operation: "logon",
        timestamp: "2025-10-09T08:53:20Z",
        "end-user-attribute": { "device-identity": { value: "desk-7" } },
      },
    ],
    [
      "only the names of Insight",
      {
        ip: "192.0.2.50",
        username: "alice",
        domain: "corp.example",
        roles: ["engineering", "vpn-users"],
        is_online: true,
        updated_at: "2025-10-09 08:53:20",
        device: "desk-7",
      },
    ],
  ])("reads the same person from %s", (_names, entry) => {
    expect(one(entry)).toEqual({ ...ALICE, source: "", deviceGroups: [], deviceAttributes: {} });
  });

  it("reads a list that is bare, wrapped, single, or absent around one entry", () => {
    const entry = { ip: "10.0.0.1", user: "ana", operation: "logon" };
    for (const document of [
      [entry],
      { report_entries: entry },
      { "userfw-entries": { "userfw-entry": [entry] } },
      { "userfw-entries": { "userfw-entry": entry } },
      entry,
    ])
      expect(read(document)).toMatchObject({ kind: "answer", reports: [{ ip: "10.0.0.1", user: "ana" }] });
  });

  it.each([
    ["two names of the address disagree", { ip: "10.0.0.1", "ip-address": "10.0.0.2" }],
    ["two names of the user disagree", { ip: "10.0.0.1", user: "a", "user-name": "b" }],
    ["two names of the domain disagree", { ip: "10.0.0.1", domain: "a", "domain-name": "b" }],
    ["two names of the roles disagree", { ip: "10.0.0.1", roles: ["a"], "role-list": ["b"] }],
    ["two names of the device disagree", { ip: "10.0.0.1", device: "a", "device-name": "b" }],
    ["two names of the operation disagree", { ip: "10.0.0.1", operation: "logon", activity: "logout" }],
    ["two names of the operation disagree", { ip: "10.0.0.1", operation: "logoff", is_online: true }],
    ["an entry's operation is not known", { ip: "10.0.0.1", operation: "explode" }],
    ["an entry has no address", { user: "ana" }],
    ["an entry's address is not an IP address", { ip: "10.0.0.256" }],
    ["an entry is not an object", 7],
  ])("rejects an entry because %s", (reason, entry) => {
    expect(one(entry)).toBe(reason);
  });

  it("complains of a name too long, too many roles and a role twice, and still reads the entry", () => {
    const roles = Array.from({ length: 201 }, (_, at) => `role-${at}`);
    const answer = read([
      { ip: "10.0.0.1", user: "ü".repeat(33), roles: [...roles, "ROLE-0"] },
      { ip: "10.0.0.2", user: "x".repeat(64), roles: roles.slice(1) },
    ]);
    expect(answer).toMatchObject({
      reports: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }],
      complaints: [
        "a name is longer than 64 bytes",
        "an entry has more than 200 roles",
        "an entry has a role twice",
      ],
    });
  });

  it("says that a body is XML rather than that it is broken", () => {
    expect(readAnswer('<?xml version="1.0"?><userfw-entries/>')).toEqual({
      kind: "malformed",
      reason: "the body is XML, not JSON",
    });
  });

  it("never throws, whatever the body", () => {
    fc.assert(fc.property(fc.string(), (body) => void readAnswer(body)));
    fc.assert(fc.property(fc.json(), (body) => void readAnswer(body)));
    fc.assert(
      fc.property(
        fc.nat(PAPER_2A.length - 1),
        (cut) => readAnswer(PAPER_2A.slice(0, cut)).kind === "malformed",
      ),
    );
    const value = fc.jsonValue();
    const names = ["ip", "IP", "user", "roles", "role-list", "end_user_attribute", "timestamp", "__proto__"];
    const entry = fc.dictionary(fc.constantFrom(...names), fc.oneof(value, fc.constant("10.0.0.1")));
    fc.assert(fc.property(fc.array(entry), (entries) => void read({ report_entries: entries })));
  });
});
