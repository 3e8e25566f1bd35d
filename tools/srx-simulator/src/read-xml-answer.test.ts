import { describe, expect, it } from "vitest";
import { readInsightAnswer } from "./read-insight-answer.ts";
import { readXmlAnswer } from "./read-xml-answer.ts";

/** The examples of the protocol paper, section 13 rows 2b and 8a, word for word. */
const PAPER_2B =
  '<?xml version="1.0" encoding="UTF-8"?><userfw-entries cookie="AQAAAGjnfgAAAAAAAAAB9A"><userfw-entry><source>JIMS-Active Directory</source><timestamp>2025-10-09T08:53:20Z</timestamp><operation>logon</operation><IP>192.0.2.50</IP><domain>corp.example</domain><user>alice</user><role-list><role>engineering</role><role>vpn-users</role></role-list><end-user-attribute><device-identity><value>desk-7</value><groups><group>workstations</group></groups></device-identity><device-os>windows 11</device-os></end-user-attribute></userfw-entry><userfw-entry><source>JIMS-Active Directory</source><timestamp>2025-10-09T08:53:23Z</timestamp><operation>logon</operation><IP>192.0.2.75</IP><domain>corp.example</domain><user></user><role-list></role-list><end-user-attribute><device-identity><value>kiosk-3</value><groups><group>kiosks</group></groups></device-identity></end-user-attribute></userfw-entry><userfw-entry><source>JIMS-Active Directory</source><timestamp>2025-10-09T08:53:31Z</timestamp><operation>logoff</operation><IP>192.0.2.60</IP></userfw-entry></userfw-entries>';
const PAPER_8A =
  '{"ip":"192.0.2.50","user":"alice","username":"alice","domain":"corp.example","roles":["engineering","vpn-users"],"spt":"HEALTHY","is_online":true,"updated_at":"2025-10-09 08:53:20","source":"JIMS-Active Directory","device":"desk-7"}';

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

describe("readXmlAnswer", () => {
  it("reads the paper's batch answer: a person, a device alone, a logoff", () => {
    expect(readXmlAnswer(PAPER_2B)).toMatchObject({
      kind: "answer",
      cookie: "AQAAAGjnfgAAAAAAAAAB9A",
      rejected: [],
      complaints: [],
      reports: [
        ALICE,
        { ip: "192.0.2.75", user: "", groups: [], device: "kiosk-3", deviceGroups: ["kiosks"] },
        { kind: "logoff", ip: "192.0.2.60", user: "", device: null },
      ],
    });
  });

  it.each([
    ["JSON", "{}"],
    ["a cut document", PAPER_2B.slice(0, 700)],
    ["a name that is not escaped", PAPER_2B.replace("alice", "a<b")],
    ["an ampersand that is not escaped", PAPER_2B.replace("alice", "a&b")],
    ["a document type", `<!DOCTYPE a>${PAPER_2B}`],
    ["another root", "<entries></entries>"],
  ])("takes %s for no answer", (_, body) => {
    expect(readXmlAnswer(body).kind).toBe("malformed");
  });

  it("rejects an entry without what the schema needs, and says when elements are out of order", () => {
    const entry = (inner: string) =>
      readXmlAnswer(`<userfw-entries><userfw-entry>${inner}</userfw-entry></userfw-entries>`);
    const head = "<source>s</source><timestamp>2025-10-09T08:53:20Z</timestamp><operation>logon</operation>";
    expect(entry(`${head}<IP>192.0.2.1</IP>`)).toMatchObject({ rejected: ["a logon has no user"] });
    expect(entry(`${head}<IP>x</IP><user>u</user>`)).toMatchObject({ rejected: ["an entry has no address"] });
    expect(entry(`${head}<user>u</user><IP>192.0.2.1</IP>`)).toMatchObject({
      reports: [{ user: "u" }],
      complaints: ["the elements of an entry are not in the order of the schema"],
    });
  });
});

describe("readInsightAnswer", () => {
  it("reads the paper's answer, one bare endpoint", () => {
    expect(readInsightAnswer(PAPER_8A)).toEqual({
      kind: "answer",
      cookie: null,
      rejected: [],
      complaints: [],
      reports: [{ ...ALICE, deviceGroups: [], deviceAttributes: {} }],
    });
  });

  it("takes an empty endpoint for nobody, and one whose names of the user differ for none", () => {
    expect(readInsightAnswer("{}")).toMatchObject({ reports: [], rejected: [] });
    expect(readInsightAnswer(PAPER_8A.replace('"username":"alice"', '"username":"bob"'))).toMatchObject({
      rejected: ["two names of the user disagree"],
    });
    expect(readInsightAnswer("[1]").kind).toBe("malformed");
  });
});
