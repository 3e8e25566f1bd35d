import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { ProbeFault } from "./ports.ts";
import { enumerateMessage, pullMessage, readRows } from "./wsman-messages.ts";

const head = { to: "http://pc-1.corp.example:5985/wsman", messageId: "m", timeoutMs: 5000 };
const NAMESPACES =
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
  'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" ' +
  'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_LoggedOnUser" ' +
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const enveloped = (body: string) => `<s:Envelope ${NAMESPACES}><s:Body>${body}</s:Body></s:Envelope>`;

const LOGGED_ON = enveloped(
  "<n:EnumerateResponse><n:EnumerationContext>c&amp;1</n:EnumerationContext><w:Items><w:XmlFragment>" +
    "<p:Antecedent><a:Address>x</a:Address><a:ReferenceParameters>" +
    "<w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Account</w:ResourceURI>" +
    '<w:SelectorSet><w:Selector Name="Domain">CORP</w:Selector><w:Selector Name="Name">o"hara</w:Selector></w:SelectorSet>' +
    "</a:ReferenceParameters></p:Antecedent>" +
    '<p:Dependent xsi:nil="true"/></w:XmlFragment></w:Items></n:EnumerateResponse>',
);

describe("what is asked of WinRM", () => {
  it("is a question in WQL, and cannot be made another by what stands in it", () => {
    const message = enumerateMessage('SELECT a FROM b WHERE c="<x>"', head);
    expect(message).toContain("SELECT a FROM b WHERE c=&quot;&lt;x&gt;&quot;</w:Filter>");
    expect(message).toContain("PT5.000S");
    expect(pullMessage("a&b", head)).toContain("a&amp;b</n:EnumerationContext>");
  });
});

describe("what WinRM answers", () => {
  it("is rows, with the paths of objects for references and null for nothing, and where to go on", () => {
    expect(readRows(LOGGED_ON)).toEqual({
      rows: [
        new Map([
          ["Antecedent", 'Win32_Account.Domain="CORP",Name="o\\"hara"'],
          ["Dependent", null],
        ]),
      ],
      context: "c&1",
    });
  });

  it("ends where it says so", () => {
    const last = enveloped(
      "<n:PullResponse><n:EnumerationContext>c</n:EnumerationContext><w:Items/><w:EndOfSequence/></n:PullResponse>",
    );
    expect(readRows(last)).toEqual({ rows: [], context: null });
  });

  it("tells a missing right from what else goes wrong", () => {
    const fault = (code: string) =>
      enveloped(
        `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${code}</s:Value></s:Subcode></s:Code>` +
          '<s:Reason><s:Text xml:lang="en-US">Access is denied.</s:Text></s:Reason></s:Fault>',
      );
    const codeOf = (text: string) => {
      try {
        return readRows(text);
      } catch (error) {
        return error instanceof ProbeFault ? [error.code, error.message] : error;
      }
    };
    expect(codeOf(fault("w:AccessDenied"))).toEqual(["denied", "Access is denied."]);
    expect(codeOf(fault("w:InvalidParameter"))).toEqual(["failed", "Access is denied."]);
    expect(codeOf("<html>")).toMatchObject(["failed", expect.stringContaining("not-xml")]);
    expect(codeOf(enveloped(""))).toMatchObject(["failed", expect.stringContaining("another question")]);
  });

  const seed = fuzzSeed();
  it(`is read or refused, however it is spoilt (seed ${seed})`, () => {
    let state = seed >>> 0;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const pieces = [
      "<",
      ">",
      "</",
      "&",
      "]]>",
      '"',
      "w:Items",
      "xsi:nil",
      "<!DOCTYPE",
      "\u0000",
      "&#x0;",
      "é",
    ];
    for (let run = fuzzRuns(1_000_000); run > 0; run--) {
      const at = Math.floor(random() * LOGGED_ON.length);
      const to = at + Math.floor(random() * 8);
      const piece = pieces[Math.floor(random() * pieces.length)] ?? "";
      try {
        readRows(LOGGED_ON.slice(0, at) + piece + LOGGED_ON.slice(to));
      } catch (error) {
        if (!(error instanceof ProbeFault)) throw error;
      }
    }
  }, 300_000);
});
