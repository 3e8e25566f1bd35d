import { expect, it } from "vitest";
import { readConsole, readSessions } from "./seated-user.ts";
import { row } from "./testing/fake-computers.ts";

const computer = { name: "PC-1", domain: "corp.example" };

it("says nothing of an answer that has no computer in it", () => {
  expect(readConsole([]).kind).toBe("unreadable");
  expect(readConsole([row({ UserName: "CORP\\ana" })]).kind).toBe("unreadable");
  expect(readConsole([row({ UserName: "ana", Name: "PC-1" })]).kind).toBe("unreadable");
});

it("gives a computer of no domain no domain", () => {
  const reading = readConsole([
    row({ UserName: null, Name: "PC-1", Domain: "WORKGROUP", PartOfDomain: "False" }),
  ]);
  expect(reading).toEqual({ kind: "ask-sessions", computer: { name: "PC-1", domain: null } });
});

it("reads names with quotes and backslashes in the path of an account", () => {
  const logons = [
    row({
      Antecedent: '\\\\.\\root\\cimv2:Win32_Account.Domain="CORP",Name="o\\"ha\\\\ra"',
      Dependent: '\\\\.\\root\\cimv2:Win32_LogonSession.LogonId="99"',
    }),
  ];
  expect(readSessions([row({ LogonId: "99" })], logons, computer)).toMatchObject({
    kind: "seated",
    user: { name: 'o"ha\\ra' },
  });
});

it("counts nobody whose session is not interactive, nor what Windows logs on by itself", () => {
  const logon = (domain: string, id: string) =>
    row({ Antecedent: `x.Domain="${domain}",Name="n"`, Dependent: `x.LogonId="${id}"` });
  expect(
    readSessions(
      [row({ LogonId: "1" }), row({ LogonId: "2" })],
      [logon("Font Driver Host", "1"), logon("NT AUTHORITY", "2"), logon("CORP", "3")],
      computer,
    ),
  ).toMatchObject({ kind: "empty", because: "nobody" });
});
