import { parseYamlConfig } from "@rollcall/config";
import { describe, expect, it } from "vitest";
import { localFile } from "../config.ts";
import { checkSite } from "../sources/check-site.ts";
import { configReference, configSample } from "./config-reference.ts";

describe("the configuration reference", () => {
  it("has a sample that the agent itself accepts", () => {
    const parsed = parseYamlConfig(localFile, configSample(), "sample");
    expect(checkSite(parsed, { baseFolder: null })).toEqual([]);
    expect([
      parsed.directories.length,
      parsed.syslogSources[0]?.sequences.length,
      parsed.enforcementPoints.length,
    ]).toEqual([1, 1, 1]);
  });

  it("has a sample whose commented lines are the defaults: put in force, they change nothing", () => {
    const text = configSample();
    const inForce = text.replaceAll(
      /^( *)# ([a-z][A-Za-z]+: (?!""$).+)$/gm,
      (line, indent: string, rest: string) => (rest.startsWith("rollcall") ? line : `${indent}${rest}`),
    );
    const without = (value: ReturnType<typeof parse>) => ({ ...value, agent: {} });
    const parse = (yaml: string) => parseYamlConfig(localFile, yaml, "sample");
    expect(without(parse(inForce))).toEqual(without(parse(text)));
  });

  it("says of every key what it means", () => {
    const unexplained = configReference()
      .split("\n")
      .filter((line) => /^\| `[a-zA-Z]+` \|/.test(line) && / \| \|$/.test(line));
    expect(
      unexplained.filter(
        (line) =>
          !/^\| `(tenantId|tenantName|siteId|siteName|kind|sealed|file|agentId|ciphertext)`/.test(line),
      ),
    ).toEqual([]);
  });
});
