import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PushLinesInput, pushLines } from "./push-lines.ts";

const input = (of: Partial<PushLinesInput> = {}): PushLinesInput => ({
  user: "rollcall",
  password: "Xk29sLq0PzT7aVb4NcM8",
  clients: ["10.20.0.5", "10.20.0.6"],
  scheme: "https",
  port: 8443,
  zone: "trust",
  authenticationEntryTimeoutMinutes: 0,
  usesDevices: true,
  ...of,
});
const linesOf = (of: Partial<PushLinesInput> = {}, view: "set" | "delete" = "set") =>
  pushLines(input(of), { view }).blocks.flatMap(({ lines }) => lines);

describe("the lines of a firewall that is posted to", () => {
  it("set the Web API, its user, who may post, where users come from, and the way in", () => {
    expect(linesOf()).toEqual([
      "delete services user-identification identity-management",
      "set system services webapi user rollcall",
      "set system services webapi client 10.20.0.5",
      "set system services webapi client 10.20.0.6",
      "set system services webapi https port 8443",
      "set system services webapi https default-certificate",
      'set system services webapi user password "Xk29sLq0PzT7aVb4NcM8"',
      "set services user-identification authentication-source aruba-clearpass no-user-query",
      "set services user-identification authentication-source aruba-clearpass authentication-entry-timeout 0",
      "set services user-identification device-information authentication-source network-access-controller",
      "set security zones security-zone trust host-inbound-traffic system-services webapi-ssl",
      "show services user-identification authentication-table authentication-source aruba-clearpass",
    ]);
  });

  it("take back what they set, clear the table, and touch nothing else", () => {
    const lines = linesOf({}, "delete");
    expect(lines).toContain("delete system services webapi client 10.20.0.6");
    expect(lines).toContain(
      "delete security zones security-zone trust host-inbound-traffic system-services webapi-ssl",
    );
    expect(lines.filter((line) => line.startsWith("set"))).toEqual([]);
    expect(lines.at(-1)).toBe(
      "clear services user-identification authentication-table authentication-source aruba-clearpass",
    );
  });

  it("mask a password that is not known and do not copy its line; say what http means", () => {
    const { blocks, problems } = pushLines(input({ password: null, scheme: "http", port: 8080 }));
    expect(blocks.find(({ id }) => id === "secret")).toMatchObject({ copied: false });
    expect(problems).toMatchObject([{ severity: "warning", field: "scheme" }]);
    expect(blocks.flatMap(({ lines }) => lines).join()).toContain("system-services webapi-clear-text");
  });

  it("are not printed where Junos would refuse them, or where a text could become a line of its own", () => {
    const wrong: Partial<PushLinesInput>[] = [
      { user: "a b" },
      { password: 'a"b' },
      { password: "a\nset system root" },
      { clients: [] },
      { clients: ["agent.example"] },
      { clients: Array.from({ length: 21 }, (_, n) => `10.0.0.${n}`) },
      { port: 0 },
      { zone: "trust\n" },
      { authenticationEntryTimeoutMinutes: 5 },
    ];
    for (const of of wrong) expect(pushLines(input(of)).blocks, JSON.stringify(of)).toEqual([]);
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.constantFrom("user", "password", "zone"),
        (text, field) => {
          const lines = pushLines(input({ [field]: text })).blocks.flatMap((block) => block.lines);
          expect(lines.filter((line) => !/^[\x20-\x7e]+$/.test(line))).toEqual([]);
        },
      ),
    );
  });
});
