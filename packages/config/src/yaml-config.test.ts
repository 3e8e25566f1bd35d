import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError, formatIssue } from "./config-error.ts";
import { formatIssues } from "./explain-issues.ts";
import { parseYamlConfig, readYamlConfig } from "./yaml-config.ts";

const schema = z.strictObject({
  name: z.string().min(1).describe("What people call it."),
  lifetimeMinutes: z.number().int().min(1).max(1440).default(480),
  mode: z.enum(["law", "last-writer"]).default("law"),
  secret: z
    .union([z.strictObject({ file: z.string() }), z.strictObject({ sealed: z.array(z.string()) })])
    .optional(),
  sources: z.array(z.strictObject({ id: z.string(), senders: z.array(z.string()).min(1) })).default([]),
});

function faultsOf(text: string): string[] {
  try {
    parseYamlConfig(schema, text, "test.yaml");
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map(formatIssue);
    throw error;
  }
  return [];
}

describe("readYamlConfig", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "rollcall-config-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("fills in defaults", () => {
    expect(parseYamlConfig(schema, "name: x", "t")).toEqual({
      name: "x",
      lifetimeMinutes: 480,
      mode: "law",
      sources: [],
    });
  });

  it("takes a heading with nothing below it for the default, and a required key without a value for a missing one", () => {
    expect(parseYamlConfig(schema, "name: x\nsources:\nmode:\n", "t")).toMatchObject({
      mode: "law",
      sources: [],
    });
    expect(faultsOf("name:\n")).toEqual([expect.stringContaining("name (line 1): is missing")]);
    expect(() => parseYamlConfig(schema, "name: x\n__proto__: { polluted: true }\n", "t")).toThrow(
      /not a known key/,
    );
  });

  it("names a misspelt key with its path and line, and the key that was meant", () => {
    expect(faultsOf("name: x\nlifetimeMinuets: 3\n")).toEqual([
      'lifetimeMinuets (line 2): is not a known key; did you mean "lifetimeMinutes"?',
    ]);
  });

  it("names an unknown key deep inside a list, and lists the keys known there when none is close", () => {
    expect(faultsOf("name: x\nsources:\n  - id: a\n    senders: [b]\n    colour: red\n")).toEqual([
      "sources[0].colour (line 5): is not a known key; known here: id, senders",
    ]);
  });

  it("tells all faults at once, not the first one only", () => {
    const faults = faultsOf("lifetimeMinutes: 9999\nmode: fastest\nsources:\n  - senders: []\n");
    expect(faults.map((fault) => fault.split(":")[0])).toEqual([
      "name (line 1)",
      "lifetimeMinutes (line 1)",
      "mode (line 2)",
      "sources[0].id (line 4)",
      "sources[0].senders (line 4)",
    ]);
    expect(faults[0]).toContain("is missing; expected a text; it means: What people call it.");
    expect(faults[2]).toContain('one of "law", "last-writer"');
  });

  it("explains the alternative of a union that came nearest", () => {
    expect(faultsOf("name: x\nsecret:\n  file: 3\n")).toEqual([
      expect.stringContaining("secret.file (line 3): expected a text, got 3"),
    ]);
  });

  it("never repeats a text of the file: it may be a password", () => {
    expect(faultsOf("name: x\nsecret: hunter2\n").join()).not.toContain("hunter2");
  });

  it("says the line where YAML itself is broken", () => {
    expect(faultsOf('name: "x\nmode: law\n')[0]).toMatch(
      /\(line \d\): not valid YAML: .*; check the indentation/,
    );
    expect(faultsOf("name: x\nname: y\n")[0]).toMatch(/line 2.*unique/i);
  });

  it("says that a file is missing, is a folder, or is not UTF-8", () => {
    const latin = path.join(folder, "latin.yaml");
    writeFileSync(latin, Buffer.from([0x6e, 0x3a, 0x20, 0xe9]));
    const attempt = (file: string) => () => readYamlConfig(schema, file);
    expect(attempt(path.join(folder, "none.yaml"))).toThrow(/there is no such file/);
    expect(attempt(folder)).toThrow(/is a folder/);
    expect(attempt(latin)).toThrow(/not UTF-8/);
  });

  it("stands an alias bomb without growing", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`;
    expect(faultsOf(bomb)[0]).toContain("not valid YAML");
  });

  it("ends in a value or a ConfigError for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        try {
          parseYamlConfig(schema, text, "t");
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("formatIssues", () => {
  it("works on an error alone, without the schema at hand", () => {
    const parsed = schema.safeParse({ name: "", extra: 1 }, { reportInput: true });
    expect(parsed.success ? [] : formatIssues(parsed.error)).toEqual([
      "name: too small: expected string to have >=1 characters",
      "extra: is not a known key; remove it",
    ]);
  });
});
