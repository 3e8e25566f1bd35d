import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const SKIP = new Set(["node_modules", "dist", ".next", ".turbo", "goldens", "fixtures", ".data"]);

function* files(folder: string): Generator<string> {
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    if (SKIP.has(item.name)) continue;
    const full = path.join(folder, item.name);
    if (item.isDirectory()) yield* files(full);
    else if (
      /\.(tsx?|mjs|css|json|prisma)$/.test(item.name) &&
      !/\.test\.tsx?$/.test(item.name) &&
      item.name !== "next-env.d.ts"
    )
      yield full;
  }
}

/** SHA-256 over every source that goes into the built apps. */
export function sourceDigest(): string {
  const hash = createHash("sha256");
  for (const folder of ["apps", "packages", "tools", "tooling"].map((f) => path.join(root, f)))
    for (const file of files(folder))
      hash.update(path.relative(root, file)).update("\0").update(readFileSync(file));
  hash.update(readFileSync(path.join(root, "package-lock.json")));
  return hash.digest("hex");
}

const stamp = path.join(root, "apps/web/.next/rollcall-built");

/** Builds all apps unless the sources are those of the last build. Throws with the builder's last words. */
export function buildIfNeeded(say: (sentence: string) => void): void {
  const digest = sourceDigest();
  const isBuilt =
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === digest &&
    ["gateway", "worker", "edge-agent"].every((app) =>
      existsSync(path.join(root, "apps", app, "dist/main.mjs")),
    );
  if (isBuilt) return;
  say("building portal, gateway, worker and agent (once per change, about a minute) …");
  const turbo = path.join(root, "node_modules/turbo/bin/turbo");
  const run = spawnSync(
    process.execPath,
    [turbo, "run", "build", "--output-logs=errors-only", "--no-color"],
    {
      cwd: root,
      encoding: "utf8",
      env: {
        ...process.env,
        NODE_ENV: "production",
        NEXT_TELEMETRY_DISABLED: "1",
        TURBO_TELEMETRY_DISABLED: "1",
      },
    },
  );
  if (run.status !== 0)
    throw new Error(
      `the build failed:\n${`${run.stdout}\n${run.stderr}`.trim().split("\n").slice(-40).join("\n")}`,
    );
  const web = path.join(root, "apps/web");
  const standalone = path.join(web, ".next/standalone/apps/web");
  cpSync(path.join(web, ".next/static"), path.join(standalone, ".next/static"), { recursive: true });
  if (existsSync(path.join(web, "public")))
    cpSync(path.join(web, "public"), path.join(standalone, "public"), { recursive: true });
  writeFileSync(stamp, digest);
}
