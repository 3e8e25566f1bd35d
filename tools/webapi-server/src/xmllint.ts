import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

const PROGRAM = "/usr/bin/xmllint";
/** Beside this file, and beside the bundle that is made of it. */
const SCHEMA = [
  path.join(import.meta.dirname, "userfw.xsd"),
  path.join(import.meta.dirname, "../src/userfw.xsd"),
];

export function hasXmllint(): boolean {
  return existsSync(PROGRAM);
}

/** Has Debian's xmllint hold a post against the schema; null: it fits. Throws where xmllint cannot be run. */
export function checkWithXmllint(body: string): string | null {
  const schema = SCHEMA.find((file) => existsSync(file)) ?? SCHEMA[0] ?? "";
  const run = spawnSync(PROGRAM, ["--noout", "--nonet", "--schema", schema, "-"], {
    input: body,
    encoding: "utf8",
    maxBuffer: 1 << 20,
  });
  if (run.error) throw run.error;
  return run.status === 0 ? null : `xmllint: ${run.stderr.trim().split("\n")[0] ?? `status ${run.status}`}`;
}
