#!/usr/bin/env node
// The first thing every npm script runs, on whatever Node the machine has (18 or newer): it installs what is
// missing and hands over to the same script on the Node that the project brings along. It uses nothing but
// Node itself, because at this point nothing else may be there.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const [task, ...rest] = process.argv.slice(2);
const MIN_NODE = 24;
const NEEDED_FREE_BYTES = 2_500_000_000;

function fail(sentence) {
  console.error(`rollcall: ${sentence}`);
  process.exit(1);
}

if (!task) fail("say what to run: start, test, bench, e2e, agent, srx or lab (npm start, npm test, …).");
if (Number(process.versions.node.split(".")[0]) < 18)
  fail(
    `Node ${process.versions.node} is too old even to install the project: install Node 20 or newer, then run this again.`,
  );

const lock = path.join(root, "package-lock.json");
const stamp = path.join(root, "node_modules", ".rollcall-installed");
const wanted = existsSync(lock) ? createHash("sha256").update(readFileSync(lock)).digest("hex") : "";
const installed = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
if (!existsSync(path.join(root, "node_modules", ".bin", "prisma")) || (installed && installed !== wanted))
  install();
else if (!installed) writeFileSync(stamp, wanted);

function install() {
  try {
    const disk = statfsSync(root);
    const free = disk.bavail * disk.bsize;
    if (free < NEEDED_FREE_BYTES)
      fail(
        `${Math.round(free / 1e6)} MB are free at ${root}, about ${NEEDED_FREE_BYTES / 1e6} MB are needed: free some disk, then run this again.`,
      );
  } catch {
    // A file system that cannot tell its free space is not a reason to stop.
  }
  console.error("rollcall: installing packages (once, about a minute) …");
  const npm = process.env.npm_execpath;
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const run = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ["ignore", 2, 2] })
    : spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  if (run.status !== 0)
    fail(
      "npm could not install the packages (its message stands above). Check the network and the rights on this folder, then run this again.",
    );
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** The Node the project brings, else the one that runs if it is new enough. */
function projectNode() {
  const platform = { linux: "linux", win32: "win", darwin: "darwin" }[process.platform];
  const candidate = path.join(
    root,
    "node_modules",
    `node-${platform}-${process.arch}`,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  if (existsSync(candidate)) return candidate;
  if (Number(process.versions.node.split(".")[0]) >= MIN_NODE) return process.execPath;
  return fail(
    `Node ${process.versions.node} runs here and the project's own Node ${MIN_NODE} has no package for ${process.platform}/${process.arch}: install Node ${MIN_NODE} or newer.`,
  );
}

const targets = {
  start: ["scripts/start.ts"],
  test: ["scripts/test.ts"],
  bench: ["bench/main.ts"],
  e2e: ["e2e/main.ts"],
  agent: ["apps/edge-agent/src/main.ts"],
  srx: ["tools/srx-simulator/src/main.ts"],
  lab: ["infra/lab/main.ts"],
};
const target = targets[task];
if (!target) fail(`"${task}" is not a task: ${Object.keys(targets).join(", ")}.`);
const node = projectNode();
const child = spawn(
  node,
  ["--disable-warning=ExperimentalWarning", ...target.map((t) => path.join(root, t)), ...rest],
  {
    cwd: ["agent", "srx"].includes(task) ? (process.env.INIT_CWD ?? root) : root,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${path.dirname(node)}${path.delimiter}${path.join(root, "node_modules", ".bin")}${path.delimiter}${process.env.PATH ?? ""}`,
      NEXT_TELEMETRY_DISABLED: "1",
      TURBO_TELEMETRY_DISABLED: "1",
    },
  },
);
// A terminal sends Ctrl-C to the whole group: the child stops by itself, and we wait for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
