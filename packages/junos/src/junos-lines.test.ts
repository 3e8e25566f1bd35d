import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BLOCK_IDS,
  type BlockId,
  cloudCaProfile,
  type JunosInput,
  type JunosResult,
  type JunosView,
} from "./junos-input.ts";
import { copiedLines, generateJunos } from "./junos-lines.ts";
import { MASKED_SECRET } from "./statements.ts";
import { anInput, aSecondary, someOptions } from "./testing/builders.ts";

const PAIR = anInput({ secondary: aSecondary() });
const EVERYTHING = anInput({
  secondary: aSecondary(),
  filter: {
    domains: ["meridian.example", "emea.meridian.example"],
    includeIp: ["10.20.0.0/16", "10.30.1.5", "10.40.0.10-10.40.0.99"],
    excludeIp: ["10.20.99.0/24"],
  },
  options: someOptions({
    path: { source: "10.20.0.1", interface: "fxp0.0", routingInstance: "mgmt_junos" },
    staticHosts: [{ name: "agent.meridian.example", address: "10.20.0.5" }],
    policy: {
      fromZone: "trust",
      toZone: "untrust",
      name: "finance-out",
      domain: "meridian.example",
      group: "Finance",
      captivePortal: true,
    },
    deviceIdentity: { profile: "laptops", domain: "meridian.example", values: ["managed"] },
  }),
});

const CASES: readonly [name: string, input: JunosInput, blocks: readonly BlockId[] | undefined][] = [
  ["plain", anInput(), undefined],
  ["pair", PAIR, undefined],
  ["two-agents", anInput({ secondary: aSecondary({ caProfile: "ROLLCALL" }) }), undefined],
  ["everything", EVERYTHING, BLOCK_IDS],
  ["logical-system", { ...EVERYTHING, options: { ...EVERYTHING.options, logicalSystem: "LS1" } }, BLOCK_IDS],
  ["masked", anInput({ primary: { ...anInput().primary, secret: null } }), undefined],
  [
    "old-certificate-style",
    anInput({ secondary: aSecondary(), options: someOptions({ certificateStyle: "ca-certificate" }) }),
    undefined,
  ],
  ["no-certificate-check", anInput({ options: someOptions({ checkCertificate: false }) }), undefined],
  ["no-address-query", anInput({ options: someOptions({ ipQuery: false }) }), undefined],
  ["connection-only", PAIR, ["connection", "second-server", "secrets"]],
];

function print(result: JunosResult): string {
  const problems = result.problems.map(
    ({ severity, field, sentence }) => `${severity} ${field}: ${sentence}`,
  );
  const blocks = result.blocks.map((block) =>
    [
      `== ${block.id} | ${block.title} | ${block.kind}${block.copied ? " | copied" : ""}`,
      ...(block.warning === null ? [] : [`!! ${block.warning}`]),
      ...block.lines,
    ].join("\n"),
  );
  return `${[...problems, ...blocks].join("\n\n")}\n`;
}

describe("the Junos lines", () => {
  const views: readonly JunosView[] = ["set", "curly", "delete"];
  for (const [name, input, blocks] of CASES)
    for (const view of views)
      it(`print ${name} as ${view} exactly as a reviewer has read it`, async () => {
        await expect(print(generateJunos(input, { view, blocks }))).toMatchFileSnapshot(
          `goldens/${name}.${view}.txt`,
        );
      });

  it("print each toggled section the same whatever else is toggled", () => {
    const views: readonly JunosView[] = ["set", "curly", "delete"];
    fc.assert(
      fc.property(fc.subarray([...BLOCK_IDS]), fc.constantFrom(...views), (blocks, view) => {
        const whole = generateJunos(EVERYTHING, { view, blocks: BLOCK_IDS }).blocks;
        expect(generateJunos(EVERYTHING, { view, blocks }).blocks).toEqual(
          whole.filter((block) => blocks.includes(block.id)),
        );
      }),
    );
  });

  it("never put an operational or commit line among the copied ones", () => {
    for (const [, input] of CASES)
      for (const line of copiedLines(generateJunos(input, { blocks: BLOCK_IDS }).blocks))
        expect(line).toMatch(/^set /);
  });

  it("never copy the policy example, the trace or the take-back", () => {
    const copied = copiedLines(generateJunos(EVERYTHING, { blocks: BLOCK_IDS }).blocks).join("\n");
    expect(copied).not.toMatch(/security policies|traceoptions|delete /);
    expect(copied).toContain("connection primary client-secret");
  });

  it("mask a secret that is not known, and leave its line out of the copy", () => {
    const masked = anInput({ primary: { ...anInput().primary, secret: null } });
    const { blocks } = generateJunos(masked);
    expect(blocks.find((block) => block.id === "secrets")?.lines.join()).toContain(MASKED_SECRET);
    expect(copiedLines(blocks).join("\n")).not.toContain("client-secret");
  });

  it("name each server's own CA, and write each CA once: its profile, its revocation check, its load", () => {
    const linesOf = (input: JunosInput) =>
      generateJunos(input, { blocks: ["certificate", "certificate-file"] }).blocks.flatMap(
        (block) => block.lines,
      );
    const count = (lines: readonly string[], pattern: RegExp) =>
      lines.filter((line) => pattern.test(line)).length;
    const perProfile = [/ ca-identity /, / revocation-check /, /^request security pki ca-certificate load /];
    const mixed = linesOf(PAIR);
    const alike = linesOf(anInput({ secondary: aSecondary({ caProfile: "ROLLCALL" }) }));
    expect(perProfile.map((pattern) => count(mixed, pattern))).toEqual([2, 2, 2]);
    expect(perProfile.map((pattern) => count(alike, pattern))).toEqual([1, 1, 1]);
    expect(count(mixed, /connection primary ca-profile ROLLCALL$/)).toBe(1);
    expect(count(mixed, /connection secondary ca-profile ROLLCALL_CLOUD$/)).toBe(1);
    expect(count(alike, /connection secondary ca-profile ROLLCALL$/)).toBe(1);
  });

  it("delete what they set, in the reverse order, each statement once", () => {
    const set = generateJunos(EVERYTHING, { blocks: ["connection", "certificate", "filters"] });
    const taken = generateJunos(EVERYTHING, {
      view: "delete",
      blocks: ["connection", "certificate", "filters"],
    });
    for (const block of set.blocks) {
      const deleted = taken.blocks.find((other) => other.id === block.id)?.lines ?? [];
      const paths = deleted.map((line) => line.replace(/^delete /, "")).reverse();
      expect(paths).toHaveLength(block.lines.length);
      for (const [index, path] of paths.entries())
        expect(block.lines[index]?.replace(/^set /, "").startsWith(path)).toBe(true);
    }
  });

  it("hold as many opening as closing braces in the curly form", () => {
    const text = generateJunos(EVERYTHING, { view: "curly", blocks: BLOCK_IDS })
      .blocks.filter(
        (block) => block.kind === "configuration" && !["make-room", "take-back"].includes(block.id),
      )
      .flatMap((block) => block.lines)
      .join("\n");
    expect(text.match(/\{$/gm)?.length).toBe(text.match(/^ *\}$/gm)?.length);
  });
});

describe("what a firewall would refuse", () => {
  const problemsOf = (changes: Partial<JunosInput>) => generateJunos(anInput(changes)).problems;
  const optionProblem = (changes: Parameters<typeof someOptions>[0]) =>
    problemsOf({ options: someOptions(changes) });

  it("is a pair with unequal ports: Junos has one port for both", () => {
    const result = generateJunos(anInput({ secondary: aSecondary({ port: 8444 }) }));
    expect(result.blocks).toEqual([]);
    expect(result.problems[0]).toMatchObject({ severity: "refused", field: "secondary.port" });
    expect(result.problems[0]?.sentence).toContain("primary uses 443, secondary 8444");
  });

  it("is a server's CA profile that is no Junos name, but not the cloud's behind a name of full length", () => {
    const at = (caProfile: string) => problemsOf({ primary: { ...anInput().primary, caProfile } });
    expect(at("roll call")[0]).toMatchObject({ severity: "refused", field: "primary.caProfile" });
    expect(at(cloudCaProfile({ caProfile: "R".repeat(32) }))).toEqual([]);
  });

  it("is a primary and secondary that are one server", () => {
    expect(problemsOf({ secondary: aSecondary({ address: "agent.meridian.example" }) })[0]?.field).toBe(
      "secondary.address",
    );
  });

  it.each([
    ["items below 100", { itemsPerBatch: 99 }],
    ["items above 1000", { itemsPerBatch: 1001 }],
    ["no interval", { queryIntervalSeconds: 0 }],
    ["an interval above a minute", { queryIntervalSeconds: 61 }],
    ["a time-out of 5 minutes", { authenticationEntryTimeoutMinutes: 5 }],
    ["a time-out above a day", { invalidAuthenticationEntryTimeoutMinutes: 1441 }],
    ["a delay above a minute", { ipQueryDelaySeconds: 61 }],
    ["a half item", { itemsPerBatch: 500.5 }],
  ])("is %s", (_, changes) => {
    expect(optionProblem(changes)[0]?.severity).toBe("refused");
  });

  it.each([
    ["items at both ends", { itemsPerBatch: 100 }],
    ["a thousand items", { itemsPerBatch: 1000 }],
    ["a time-out of 0", { authenticationEntryTimeoutMinutes: 0 }],
    ["a time-out of 10", { authenticationEntryTimeoutMinutes: 10 }],
  ])("is not %s", (_, changes) => {
    expect(optionProblem(changes)).toEqual([]);
  });

  it("is a bare host name, but not an address or a full name", () => {
    const at = (address: string) => problemsOf({ primary: { ...anInput().primary, address } });
    expect(at("agent")[0]).toMatchObject({ severity: "refused" });
    expect(at("agent.example")).toEqual([]);
    expect(at("10.20.0.5")[0]).toMatchObject({ severity: "warning" });
  });

  it("is warned of: more than 20 domains, no certificate check", () => {
    const domains = Array.from({ length: 21 }, (_, index) => `d${index}.example`);
    expect(problemsOf({ filter: { domains, includeIp: [], excludeIp: [] } })).toMatchObject([
      { severity: "warning", field: "filter.domains" },
    ]);
    expect(optionProblem({ checkCertificate: false })).toMatchObject([{ severity: "warning" }]);
  });

  it("never becomes a second statement: whatever is typed, each line is one line and quotes are closed", () => {
    const hostile = fc.oneof(fc.string(), fc.stringMatching(/^[\w "\\;{}\n]+$/));
    fc.assert(
      fc.property(hostile, hostile, hostile, (a, b, c) => {
        const { blocks } = generateJunos(
          anInput({
            primary: { address: a, port: 443, clientId: b, secret: c, caProfile: a },
            filter: { domains: [a], includeIp: [b], excludeIp: [c] },
            options: someOptions({
              logicalSystem: a,
              path: { source: b, interface: c, routingInstance: a },
              policy: { fromZone: a, toZone: b, name: c, domain: a, group: b, captivePortal: true },
            }),
          }),
          { blocks: BLOCK_IDS },
        );
        expect(blocks).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(hostile, (group) => {
        const policy = {
          fromZone: "a",
          toZone: "b",
          name: "p",
          domain: "d.example",
          group,
          captivePortal: false,
        };
        for (const block of generateJunos(anInput({ options: someOptions({ policy }) }), {
          blocks: ["policy"],
        }).blocks)
          for (const line of block.lines) {
            expect(line).not.toMatch(/[\n\r]/);
            expect((line.match(/"/g) ?? []).length % 2).toBe(0);
          }
      }),
    );
  });
});
