import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { freePort, isPortFree, portHolder } from "./free-port.ts";
import { guardProcess } from "./guard.ts";
import {
  findPostgres,
  isReachableByAll,
  isRoot,
  majorVersion,
  type PostgresBinaries,
  type RunAs,
  runAs,
} from "./postgres-binaries.ts";
import { explainSystemFault, makeDataFolder, ServiceUnavailableError } from "./service-unavailable.ts";

export interface PostgresOptions {
  /** Where the cluster and its passwords live. Created when missing; kept between starts. */
  readonly dataDir: string;
  /** 0 or absent: a free one, new at each start. */
  readonly port?: number;
  /** False only for throw-away clusters of tests: a power cut may lose what was committed. */
  readonly isDurable?: boolean;
  /** Keeps nothing: `dataDir` is removed when it stops, also when it stops because this process ended. */
  readonly isThrowAway?: boolean;
  readonly database?: string;
  readonly maxConnections?: number;
  readonly log?: (line: string) => void;
}

export interface RunningPostgres {
  /** The cluster's administrator, on the database `postgres`. Never given to an app. */
  readonly superUrl: string;
  /** Owns the schema and migrates it; not a superuser. */
  readonly ownerUrl: string;
  /** What the apps use: owns nothing, cannot pass row-level security. */
  readonly appUrl: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly major: number;
  /** "embedded", or the folder the binaries came from. */
  readonly from: string;
  readonly folder: string;
  stop(): Promise<void>;
}

interface Passwords {
  readonly postgres: string;
  readonly rollcall_owner: string;
  readonly rollcall_app: string;
}

const HOST = "127.0.0.1";
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const projectRoot = path.resolve(import.meta.dirname, "..", "..");

/**
 * Starts a PostgreSQL cluster of the project's own on this machine, loopback only, with generated passwords
 * (scram-sha-256), the roles rollcall_owner and rollcall_app, and one database. Stops with the process that started it.
 *
 * Shape:  as root the server runs as `postgres` or `nobody`; when that user cannot reach `dataDir` the cluster
 *         lies under /var/lib/rollcall-<hash of dataDir> instead and `folder` says so.
 * Errors: `ServiceUnavailableError`, whose message is one sentence with the remedy.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const log = options.log ?? (() => {});
  const binaries = findPostgres(projectRoot);
  const as = runAs();
  const major = majorVersion(binaries.postgres, as);
  const base = placeFor(options.dataDir, log);
  const folder = path.join(base, `pg${major}`);
  const passwords = prepareCluster(binaries, as, major, base, folder);
  await waitForFormerServer(folder);
  const port = options.port ? options.port : await freePort();
  if (options.port && !(await isPortFree(HOST, port))) throw portTaken(port);
  const server = await launch(binaries, as, folder, port, options);
  const guard = guardProcess(
    server.pid,
    options.isThrowAway ? "QUIT" : "INT",
    options.isThrowAway ? base : null,
  );
  let stopped: Promise<void> | null = null;
  const stop = () => {
    stopped ??= stopServer(server.child).then(() => {
      guard.release();
      if (options.isThrowAway) rmSync(base, { recursive: true, force: true });
    });
    return stopped;
  };
  const database = options.database ?? "rollcall";
  const superUrl = urlFor("postgres", passwords.postgres, port, "postgres");
  try {
    await prepareRoles(superUrl, passwords);
    await prepareDatabase(superUrl, database);
  } catch (error) {
    await stop();
    if ((error as { code?: string }).code === "28P01")
      throw new ServiceUnavailableError(
        "did-not-start",
        `The passwords in ${path.join(base, "postgres-passwords.json")} are not those of the database in ${folder}: put the right file back, or remove ${folder} to begin anew.`,
        { cause: error },
      );
    throw error;
  }
  log(`PostgreSQL ${major} (${binaries.from}) listens on ${HOST}:${port}`);
  return {
    superUrl,
    ownerUrl: urlFor("rollcall_owner", passwords.rollcall_owner, port, database),
    appUrl: urlFor("rollcall_app", passwords.rollcall_app, port, database),
    host: HOST,
    port,
    pid: server.pid,
    major,
    from: binaries.from,
    folder,
    stop,
  };
}

function urlFor(role: string, password: string, port: number, database: string): string {
  return `postgresql://${role}:${encodeURIComponent(password)}@${HOST}:${port}/${database}`;
}

function placeFor(dataDir: string, log: (line: string) => void): string {
  let base = path.resolve(dataDir);
  if (isRoot && !isReachableByAll(path.join(base, "x"))) {
    base = path.join("/var/lib", `rollcall-${createHash("sha256").update(base).digest("hex").slice(0, 12)}`);
    log(`PostgreSQL's own user cannot reach ${dataDir}; its data lies in ${base}`);
  }
  makeDataFolder(base);
  return base;
}

function prepareCluster(
  binaries: PostgresBinaries,
  as: RunAs,
  major: number,
  base: string,
  folder: string,
): Passwords {
  const passwordFile = path.join(base, "postgres-passwords.json");
  if (existsSync(path.join(folder, "PG_VERSION"))) {
    if (existsSync(passwordFile)) return JSON.parse(readFileSync(passwordFile, "utf8")) as Passwords;
    throw new ServiceUnavailableError(
      "did-not-start",
      `${passwordFile} is missing, so the database in ${folder} cannot be opened: put the file back, or remove ${folder} to begin anew.`,
    );
  }
  const newPassword = () => randomBytes(24).toString("base64url");
  const passwords: Passwords = {
    postgres: newPassword(),
    rollcall_owner: newPassword(),
    rollcall_app: newPassword(),
  };
  const initFile = path.join(base, `.initdb-${process.pid}`);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(initFile, passwords.postgres, { mode: 0o600 });
    if (as.uid !== undefined && as.gid !== undefined) {
      chownSync(folder, as.uid, as.gid);
      chownSync(initFile, as.uid, as.gid);
    }
    const locale =
      major >= 17 ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : ["--locale=C"];
    const run = spawnSync(
      binaries.initdb,
      [
        "-D",
        folder,
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        "--pwfile",
        initFile,
        "-E",
        "UTF8",
        "--no-sync",
        "--no-instructions",
        ...locale,
      ],
      { encoding: "utf8", cwd: "/", ...as },
    );
    if (run.status !== 0) {
      rmSync(folder, { recursive: true, force: true });
      throw explainServerText(`${run.stderr ?? ""}${run.error?.message ?? ""}`, folder, run.error);
    }
    writeFileSync(passwordFile, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600 });
    return passwords;
  } catch (error) {
    throw explainSystemFault(error, `preparing the database in ${folder}`);
  } finally {
    rmSync(initFile, { force: true });
  }
}

/** A server of an earlier start, on its way down, gets a moment; one that stays is named. */
async function waitForFormerServer(folder: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const pid = formerServer(folder);
    if (pid === null) return;
    if (attempt >= 50)
      throw new ServiceUnavailableError(
        "already-running",
        `Another start of Rollcall uses the database in ${folder} (postgres, pid ${pid}): stop that one first, or name another data folder.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function formerServer(folder: string): number | null {
  try {
    const pid = Number(readFileSync(path.join(folder, "postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, 0);
    if (process.platform !== "linux") return pid;
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder) ? pid : null;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM" ? -1 : null;
  }
}

interface Launched {
  readonly child: ChildProcess;
  readonly pid: number;
}

async function launch(
  binaries: PostgresBinaries,
  as: RunAs,
  folder: string,
  port: number,
  options: PostgresOptions,
): Promise<Launched> {
  const settings: Record<string, string> = {
    listen_addresses: HOST,
    unix_socket_directories: "",
    shared_buffers: options.isThrowAway ? "64MB" : "128MB",
    max_connections: String(options.maxConnections ?? 100),
    log_min_messages: "warning",
    password_encryption: "scram-sha-256",
    ...(options.isDurable === false ? { fsync: "off", full_page_writes: "off", autovacuum: "off" } : {}),
  };
  const args = ["-D", folder, "-p", String(port)];
  for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
  // Detached: Ctrl-C in the terminal must not reach the server before the apps have stopped.
  const child = spawn(binaries.postgres, args, {
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
    ...as,
  });
  let said = "";
  const fault = await new Promise<string | null>((resolve) => {
    const timer = setTimeout(() => settle(`no answer within ${READY_TIMEOUT_MS / 1000} s`), READY_TIMEOUT_MS);
    const settle = (outcome: string | null) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    child.stderr?.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString("utf8")).slice(-8000);
      if (said.includes("ready to accept connections")) settle(null);
    });
    child.once("error", (error) => settle(error.message));
    child.once("exit", (code) => settle(`exit code ${code}`));
  });
  if (fault !== null || child.pid === undefined) {
    child.kill("SIGQUIT");
    if (/Address already in use/.test(said)) throw portTaken(port);
    throw explainServerText(`${said}${fault ?? ""}`, folder, null);
  }
  child.unref();
  (child.stderr as unknown as { unref?: () => void } | null)?.unref?.();
  return { child, pid: child.pid };
}

function portTaken(port: number): ServiceUnavailableError {
  const holder = portHolder(port);
  return new ServiceUnavailableError(
    "port-taken",
    `PostgreSQL cannot listen on ${HOST}:${port} because ${holder ?? "another program"} does: stop it, or name another port.`,
  );
}

function explainServerText(text: string, folder: string, cause: unknown): ServiceUnavailableError {
  if (/No space left on device|Disk quota exceeded/i.test(text))
    return new ServiceUnavailableError(
      "no-disk",
      `The disk of ${folder} is full: free some space, then start again.`,
      { cause },
    );
  if (/Permission denied|Operation not permitted|Read-only file system/i.test(text))
    return new ServiceUnavailableError(
      "no-right",
      `PostgreSQL may not use ${folder}: give the folder to the user it runs as, or name another data folder.`,
      { cause },
    );
  const lastLines = text.trim().split("\n").slice(-4).join(" / ");
  return new ServiceUnavailableError("did-not-start", `PostgreSQL did not start in ${folder}: ${lastLines}`, {
    cause,
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const LOGIN_ONLY = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION";

/**
 * Makes (or repairs) the two roles every Rollcall database needs. For a server of one's own, run once as its administrator.
 *
 * Shape:  rollcall_owner owns the schema and migrates it; rollcall_app is what the apps use and owns nothing.
 */
export async function prepareRoles(
  superUrl: string,
  passwords: { readonly rollcall_owner: string; readonly rollcall_app: string },
): Promise<void> {
  await withClient(superUrl, async (client) => {
    for (const role of ["rollcall_owner", "rollcall_app"] as const) {
      const there = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
      const password = pg.escapeLiteral(passwords[role]);
      await client.query(
        `${there.rowCount ? "ALTER" : "CREATE"} ROLE ${role} ${LOGIN_ONLY} PASSWORD ${password}`,
      );
    }
  });
}

/** Makes the database `name`, owned by rollcall_owner, unless it is there. */
export async function prepareDatabase(superUrl: string, name: string): Promise<void> {
  await withClient(superUrl, async (client) => {
    const there = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    if (!there.rowCount)
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} OWNER rollcall_owner`);
  });
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  await new Promise<void>((resolve) => {
    const impatience = setTimeout(() => child.kill("SIGQUIT"), STOP_TIMEOUT_MS);
    child.once("exit", () => {
      clearTimeout(impatience);
      resolve();
    });
    // Fast shutdown: open transactions are rolled back, what was committed is kept.
    child.kill(process.platform === "win32" ? "SIGTERM" : "SIGINT");
  });
}
