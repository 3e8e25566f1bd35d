import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildIfNeeded } from "./build.ts";
import { Children } from "./children.ts";
import { startDemonstration } from "./demonstration.ts";
import { migrateDeploy } from "./migrate-deploy.ts";
import { takenPorts } from "./ports.ts";
import { freePort, startPostgres } from "./services.ts";
import { HELP, type Listen, parseStartOptions, type StartOptions } from "./start-options.ts";

/**
 * `npm start`: Postgres, migrations, build, seed, gateway, worker, portal, then the demonstration (an agent
 * enrolled by a real onboarding file, a sender, a firewall simulator). Talk goes to standard error; the summary,
 * or with --json one line for scripts, to standard output. Stops what it started, in reverse.
 */
/** A fault whose message is the sentence to print. */
class Explained extends Error {}

const root = path.resolve(import.meta.dirname, "..");
const parsed = parseStartOptions(process.argv.slice(2), process.env, path.join(root, ".data"));
if (parsed.kind === "help") {
  process.stdout.write(HELP);
  process.exit(0);
}
if (parsed.kind === "fault") {
  console.error(`rollcall: ${parsed.sentence}`);
  process.exit(2);
}
const options = parsed.options;
const began = Date.now();
const say = (sentence: string) =>
  console.error(`rollcall ${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${sentence}`);

/** Things to stop, newest last. */
const stops: (() => Promise<void>)[] = [];
let isStopping = false;
async function stopAll(code: number): Promise<never> {
  if (isStopping) return new Promise(() => {});
  isStopping = true;
  for (const stop of stops.reverse())
    await stop().catch((error: unknown) => say(`while stopping: ${String(error)}`));
  if (code === 0) say("stopped everything that was started here; the data stays.");
  process.exit(code);
}
async function fail(sentence: string): Promise<never> {
  console.error(`rollcall: ${sentence}`);
  return stopAll(1);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stopAll(0));

try {
  await main();
} catch (error) {
  await fail(explain(error));
}

async function main(): Promise<void> {
  const data = path.resolve(options.dataDir);
  prepareFolder(data);
  const at = await chooseAddresses(options, path.join(data, "addresses.json"));
  const taken = await takenPorts([
    { what: "the portal", protocol: "tcp", ...at.web, option: "--web" },
    { what: "agents at the gateway", protocol: "tcp", ...at.gatewayAgents, option: "--gateway-agents" },
    {
      what: "firewalls at the gateway",
      protocol: "tcp",
      ...at.gatewayFirewalls,
      option: "--gateway-firewalls",
    },
    ...(options.empty
      ? []
      : ([
          {
            what: "firewalls at the agent",
            protocol: "tcp",
            ...at.agentFirewalls,
            option: "--agent-firewalls",
          },
          { what: "syslog at the agent", protocol: "tcp", ...at.agentSyslog, option: "--agent-syslog" },
          { what: "syslog at the agent", protocol: "udp", ...at.agentSyslog, option: "--agent-syslog" },
          { what: "the agent's status", protocol: "tcp", ...at.agentStatus, option: "--agent-status" },
        ] as const)),
  ]);
  if (taken.length)
    await fail(
      `${taken.join("\n          ")}\n          (npm start -- --free-ports takes whatever is free.)`,
    );

  buildIfNeeded(say);

  say("starting PostgreSQL …");
  const postgres = await startPostgres({ dataDir: data });
  stops.push(() => postgres.stop());
  const applied = await migrateDeploy(postgres.ownerUrl);
  say(
    `PostgreSQL ${postgres.major} (${postgres.from}) is up${applied.length ? `, ${applied.length} migration(s) applied` : ""}.`,
  );

  const children = new Children(path.join(data, "logs"));
  stops.push(() => children.stopAll());
  children.onDeath = (name, code, tail) =>
    void fail(
      `${name} ended by itself (${code ?? "killed"}). Its last words, all in ${path.join(data, "logs", `${name}.log`)}:\n${tail.join("\n")}`,
    );

  const portal = `http://${at.web.host}:${at.web.port}`;
  const agentUrl = `https://${at.gatewayAgents.host}:${at.gatewayAgents.port}`;
  const keysDir = path.join(data, "keys");
  const credentials = rememberedCredentials(data);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: "production",
    DATABASE_URL: postgres.appUrl,
    REDIS_URL: options.redisUrl ?? "",
    ROLLCALL_KEYS_DIR: keysDir,
    ROLLCALL_GATEWAY_AGENT_LISTEN: `${at.gatewayAgents.host}:${at.gatewayAgents.port}`,
    ROLLCALL_GATEWAY_FIREWALL_LISTEN: `${at.gatewayFirewalls.host}:${at.gatewayFirewalls.port}`,
    ROLLCALL_GATEWAY_AGENT_URL: agentUrl,
    ROLLCALL_GATEWAY_FIREWALL_ADDRESS: at.gatewayFirewalls.host,
    ROLLCALL_GATEWAY_FIREWALL_PORT: String(at.gatewayFirewalls.port),
    ROLLCALL_GATEWAY_STATUS_LISTEN: `127.0.0.1:${await freePort()}`,
    NEXTAUTH_URL: portal,
    NEXTAUTH_SECRET: credentials.secret,
    HOSTNAME: at.web.host,
    PORT: String(at.web.port),
  };
  delete env.DATABASE_OWNER_URL;

  const { seedInstallation } = await import("./seed-installation.ts");
  const seeded = await seedInstallation({
    env,
    demonstration: !options.empty,
    admin: { email: credentials.email, password: credentials.password },
    remembered: credentials,
  });
  stops.push(() => seeded.close());
  if (seeded.demonstration) {
    const { clientId, clientSecret } = seeded.demonstration;
    remember(data, { ...credentials, clientId, clientSecret });
  }
  say(
    options.empty ? "one practice and one sign-in are there." : "practice, customers and sign-in are there.",
  );

  const app = (name: string) => path.join(root, "apps", name);
  const run = (name: string, cwd: string, file: string) =>
    children.start({
      name,
      command: process.execPath,
      args: ["--disable-warning=ExperimentalWarning", file],
      cwd,
      env,
    });
  run("gateway", app("gateway"), path.join(app("gateway"), "dist/main.mjs"));
  run("worker", app("worker"), path.join(app("worker"), "dist/main.mjs"));
  const standalone = path.join(app("web"), ".next/standalone/apps/web");
  run("portal", standalone, path.join(standalone, "server.js"));
  await waitFor("the portal", () => answers(`${portal}/api/health`));
  await waitFor("the gateway", () => answers(`http://${env.ROLLCALL_GATEWAY_STATUS_LISTEN}/readyz`));
  say("portal, gateway and worker answer.");

  const demonstration = options.empty
    ? null
    : await startDemonstration({ root, data, children, at, env, seeded, say, waitFor });

  writeFileSync(
    path.join(data, "processes.json"),
    JSON.stringify(
      Object.fromEntries(
        ["portal", "gateway", "worker", "agent", "firewall", "sender"].map((name) => [
          name,
          children.pidOf(name) ?? null,
        ]),
      ),
    ),
  );
  announce(portal, agentUrl, at, credentials, demonstration);
}

function announce(
  portal: string,
  agentUrl: string,
  at: Addresses,
  credentials: Credentials,
  demonstration: Awaited<ReturnType<typeof startDemonstration>> | null,
): void {
  const gatewayFirewalls = `https://${at.gatewayFirewalls.host}:${at.gatewayFirewalls.port}`;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({
        portal,
        email: credentials.email,
        password: credentials.password,
        agent: demonstration?.agent ?? null,
        gateway: { firewall_url: gatewayFirewalls, agent_url: agentUrl },
        enforcement_point: demonstration?.enforcementPoint ?? null,
      })}\n`,
    );
    return;
  }
  const lines = [
    "",
    `  Rollcall is up after ${Math.round((Date.now() - began) / 1000)} s.`,
    "",
    `  Portal     ${portal}`,
    `  Sign in    ${credentials.email}  /  ${credentials.password}`,
    ...(demonstration
      ? [
          "",
          "  Look first at",
          `    Customers → ${demonstration.customer}: the five links of the chain, all from real processes`,
          "    Who is at…: people as the demonstration's VPN sender logs them on and off",
          "    Enforcement points → the simulator: what it was told, and when; the Junos lines for a real SRX",
          "",
          `  Agent      firewalls ${demonstration.agent.firewall_url} · syslog ${demonstration.agent.syslog_udp} (UDP and TCP) · status ${demonstration.agent.status_url}`,
          `  Cloud      firewalls ${gatewayFirewalls} · agents ${agentUrl}`,
          `  Firewall   client id ${demonstration.enforcementPoint.client_id}`,
          `             npm run srx -- run --url ${demonstration.agent.firewall_url} --client-id ${demonstration.enforcementPoint.client_id} --client-secret-file ${demonstration.secretFile} --insecure --once`,
        ]
      : [
          "",
          "  Add your first customer in the portal; Set-up then leads through agent, directory, sources and firewall.",
        ]),
    "",
    `  Logs and data in ${path.resolve(options.dataDir)}. Ctrl-C stops everything that was started here.`,
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

export interface Addresses {
  readonly web: Listen;
  readonly gatewayAgents: Listen;
  readonly gatewayFirewalls: Listen;
  readonly agentFirewalls: Listen;
  readonly agentSyslog: Listen;
  readonly agentStatus: Listen;
}

/**
 * With --free-ports the ports are chosen once and kept with the data: an enrolled agent knows its gateway by its
 * address.
 */
async function chooseAddresses(asked: StartOptions, file: string): Promise<Addresses> {
  if (!asked.freePorts) return asked;
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<Addresses>) : {};
  const free = async (option: string, name: keyof Addresses, like?: Listen): Promise<Listen> => {
    const listen = asked[name];
    if (asked.named.has(option)) return listen;
    return { host: listen.host, port: kept[name]?.port ?? like?.port ?? (await freePort(listen.host)) };
  };
  const gatewayFirewalls = await free("--gateway-firewalls", "gatewayFirewalls");
  const chosen: Addresses = {
    web: await free("--web", "web"),
    gatewayAgents: await free("--gateway-agents", "gatewayAgents"),
    gatewayFirewalls,
    // One firewall port everywhere: Junos has one for both of its servers.
    agentFirewalls: await free("--agent-firewalls", "agentFirewalls", gatewayFirewalls),
    agentSyslog: await free("--agent-syslog", "agentSyslog"),
    agentStatus: await free("--agent-status", "agentStatus"),
  };
  writeFileSync(file, JSON.stringify(chosen));
  return chosen;
}

/** One folder after the other: made at once, Node never returns below a place that takes none, such as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder);
}

function prepareFolder(data: string): void {
  makeFolder(data);
  const lock = path.join(data, "start.pid");
  if (existsSync(lock)) {
    const pid = Number(readFileSync(lock, "utf8"));
    if (pid !== process.pid && isAlive(pid))
      throw new Explained(
        `Rollcall already runs on this data (pid ${pid}): stop that first, or use --data for another folder.`,
      );
  }
  const disk = statfsSync(data);
  const freeMb = Math.round((disk.bavail * disk.bsize) / 1e6);
  if (freeMb < 700)
    throw new Explained(
      `${freeMb} MB are free at ${data}, about 700 MB are needed: free some disk or use --data.`,
    );
  writeFileSync(lock, String(process.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("start.ts");
  } catch {
    return false;
  }
}

/** Made at the first start and kept: the sign-in, the cookie secret, the demonstration firewall's secret. */
export interface Credentials {
  email: string;
  password: string;
  secret: string;
  clientId?: string;
  clientSecret?: string;
  [more: string]: string | undefined;
}

function rememberedCredentials(data: string): Credentials {
  const file = path.join(data, "credentials.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Credentials;
  const made: Credentials = {
    email: "owner@northgate.example",
    password: `${randomBytes(12).toString("base64url")}`,
    secret: randomBytes(32).toString("base64url"),
  };
  writeFileSync(file, JSON.stringify(made, null, 2), { mode: 0o600 });
  return made;
}

function remember(data: string, credentials: Credentials): void {
  writeFileSync(path.join(data, "credentials.json"), JSON.stringify(credentials, null, 2), { mode: 0o600 });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** Waits until `look` says yes; after 60 s says what did not come. */
async function waitFor(what: string, look: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 60_000;
  while (!(await look())) {
    if (Date.now() > until)
      throw new Explained(
        `${what} did not answer within 60 s; its log is in ${path.join(path.resolve(options.dataDir), "logs")}.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function explain(error: unknown): string {
  if (error instanceof Explained) return error.message;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  if (code === "ENOSPC")
    return `the disk is full (${message}): free some, or use --data for a folder on another disk.`;
  if (code === "ENOTDIR" || code === "ENOENT" || code === "EEXIST")
    return `that is no folder to keep data in (${message}): name another with --data.`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return `no right to write (${message}): run this as a user who may write to the project's folder, or use --data.`;
  if (error instanceof Error && error.name === "ServiceUnavailableError") return message;
  return error instanceof Error && process.env.ROLLCALL_DEBUG ? (error.stack ?? message) : message;
}
