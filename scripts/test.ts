import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { isolated } from "../e2e/isolated.ts";
import { ensurePeers } from "./peers.ts";

/**
 * `npm test`: every check of the project, in the order in which they tell most for their time.
 * `--only check|unit|int|build|e2e` runs a part. `--full` runs every case of the fuzz and property tests instead of a
 * twentieth. The last line is "N passed, N failed".
 */
const root = path.resolve(import.meta.dirname, "..");
process.chdir(root);
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : undefined;
// A run that passes here is to pass on the next machine: the cases that are made up are the same ones each time. `--full`, and
// vitest by itself, make up others.
if (process.argv.includes("--full")) process.env.ROLLCALL_FUZZ_SCALE = "1";
else process.env.ROLLCALL_FUZZ_SEED ??= "20261125";
const reports = path.join(root, "test-results");
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

let passed = 0;
let failed = 0;
const failures: string[] = [];
const broken: string[] = [];

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const result = spawnSync(command, [...args], {
    stdio: "inherit",
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", TURBO_TELEMETRY_DISABLED: "1", ...env },
  });
  return result.status ?? 1;
}

/** What vitest's JSON report says of a run, as far as it is read here. */
interface Counts {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Each test that failed, with the first lines of why: the end of a long log is what people read. */
function failedTests(report: Counts): string[] {
  const said = (text: string) => text.split("\n").slice(0, 12).join("\n    ").slice(0, 2_000);
  return report.testResults.flatMap((file) => {
    const name = path.relative(root, file.name);
    const tests = file.assertionResults.filter(({ status }) => status === "failed");
    if (tests.length === 0 && file.status === "failed") return [`${name}\n    ${said(file.message ?? "")}`];
    return tests.map(
      (test) => `${name} > ${test.fullName}\n    ${said(test.failureMessages?.join("\n") ?? "")}`,
    );
  });
}

/** One check that counts as one. */
function check(name: string, command: string, args: readonly string[]): void {
  const began = Date.now();
  const ok = run(command, args) === 0;
  console.log(`== ${name}: ${ok ? "ok" : "FAILED"} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  if (ok) passed++;
  else {
    failed++;
    failures.push(name);
  }
}

/** A vitest project: each test counts. */
function suite(project: string, env: NodeJS.ProcessEnv = {}): void {
  const began = Date.now();
  const report = path.join(reports, `${project}-${env.ROLLCALL_TEST_VARIANT ?? "all"}.json`);
  const vitest = [
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const runner = path.join(root, "node_modules/.bin/vitest");
  const made = project === "e2e" ? isolated(runner, vitest) : { command: runner, args: vitest };
  const status = run(made.command, made.args, env);
  let counts: Counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults: [] };
  try {
    counts = JSON.parse(readFileSync(report, "utf8")) as Counts;
  } catch {
    counts.numFailedTests = 1;
  }
  broken.push(...failedTests(counts));
  // A file that fails before its first test fails the run without failing a test.
  const lost = status !== 0 && counts.numFailedTests === 0 ? 1 : 0;
  passed += counts.numPassedTests;
  failed += counts.numFailedTests + lost;
  if (counts.numFailedTests + lost > 0) failures.push(`${project}: ${counts.numFailedTests + lost}`);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(
    `== ${project}${env.ROLLCALL_TEST_VARIANT ? ` (${env.ROLLCALL_TEST_VARIANT})` : ""}: ${counts.numPassedTests} passed, ${counts.numFailedTests + lost} failed, ${counts.numPendingTests} skipped (${seconds} s)`,
  );
}

const bin = (name: string) => path.join(root, "node_modules/.bin", name);
const wants = (part: string) => only === undefined || only === part;

if (only === undefined || only === "e2e" || only === "int") {
  const missing = ensurePeers((sentence) => console.log(sentence));
  for (const sentence of missing) console.log(`== ${sentence}`);
  if (process.env.CI && missing.length > 0) {
    failed += missing.length;
    failures.push(...missing);
  }
}
if (wants("check")) {
  check("format and lint", bin("biome"), ["check", "--diagnostic-level=error", "."]);
  check("import table", process.execPath, ["tooling/check-boundaries.ts"]);
  check("generated files", process.execPath, ["tooling/generate.ts", "--check"]);
  check("types", bin("turbo"), ["run", "typecheck", "--output-logs=errors-only", "--no-color"]);
  check("types of scripts", bin("tsc"), ["--noEmit", "-p", "tsconfig.json"]);
}
if (wants("check") || only === "unit") suite("unit");
if (wants("int")) {
  check("schema and migrations agree", process.execPath, ["scripts/schema-drift.ts"]);
  suite("int");
}
if (wants("build")) check("build", bin("turbo"), ["run", "build", "--output-logs=errors-only", "--no-color"]);
if (wants("e2e")) {
  suite("e2e", { ROLLCALL_TEST_VARIANT: "postgres" });
  suite("e2e", { ROLLCALL_TEST_VARIANT: "redis" });
}

for (const test of broken) console.log(`FAILED ${test}`);
if (failures.length) console.log(`failed: ${failures.join(" · ")}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
