import { spawnSync } from "node:child_process";
import path from "node:path";
import { ensurePeers } from "../scripts/peers.ts";
import { isolated } from "./isolated.ts";

/** `npm run e2e [-- NAME]`: the end-to-end files, on Postgres alone unless REDIS_URL or `--redis` says otherwise. */
const root = path.resolve(import.meta.dirname, "..");
for (const sentence of ensurePeers((s) => console.error(s))) console.error(sentence);
const args = process.argv.slice(2).filter((arg) => arg !== "--redis");
const variant = process.argv.includes("--redis") ? "redis" : "postgres";
const made = isolated(path.join(root, "node_modules/.bin/vitest"), ["run", "--project", "e2e", ...args]);
const run = spawnSync(made.command, made.args, {
  stdio: "inherit",
  cwd: root,
  env: { ...process.env, ROLLCALL_TEST_VARIANT: process.env.ROLLCALL_TEST_VARIANT ?? variant },
});
process.exit(run.status ?? 1);
