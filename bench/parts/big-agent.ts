import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSecretVerifier, newClientSecret } from "@rollcall/pki";
import { freePorts } from "@rollcall/testkit";
import { say } from "../figure.ts";
import { BIG_SOURCE, BIG_SPACE } from "./big-sessions.ts";
import { onCore } from "./child.ts";

const MAIN = path.resolve(import.meta.dirname, "../../apps/edge-agent/src/main.ts");

export interface BigAgentOptions {
  readonly sessions: number;
  /** Groups of each session, of 5,000. */
  readonly groups: number;
  readonly firewalls: number;
  /** The processor core it is held to; absent: any. */
  readonly core?: number;
  /** Where `big-directory.ts` listens, for an agent that reads it. */
  readonly directoryPort?: number;
}

/** A real agent, stand-alone, in a process of its own, whose store held the sessions when it started. */
export interface BigAgent {
  readonly child: ChildProcess;
  readonly firewallPort: number;
  readonly syslogPort: number;
  readonly statusPort: number;
  readonly clientIds: readonly string[];
  /** The same for all. */
  readonly secret: string;
  /** The CA that firewalls are to trust; the name in the certificate is 127.0.0.1. */
  readonly caFile: string;
  /** When its process began, `performance.now()`. */
  readonly startedAt: number;
  stop(): Promise<void>;
}

const folders = new Map<string, string>();
process.once("exit", () => {
  for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });
});

/** The state folder with the sessions, made once in a run of the bench and copied for each agent. */
function builtFolder(sessions: number, groups: number): string {
  const name = `${sessions} ${groups}`;
  const known = folders.get(name);
  if (known !== undefined) return known;
  // For whoever measures again and again: a folder with stores that were built before, named SESSIONS-GROUPS.
  const kept = path.join(process.env.ROLLCALL_BENCH_STORES ?? "", `${sessions}-${groups}`);
  if (process.env.ROLLCALL_BENCH_STORES !== undefined && existsSync(kept)) return kept;
  const folder = mkdtempSync(path.join(tmpdir(), "rollcall-bench-store-"));
  folders.set(name, folder);
  const began = performance.now();
  const builder = path.join(import.meta.dirname, "store-builder.ts");
  const built = spawnSync(
    process.execPath,
    [builder, path.join(folder, "state"), String(sessions), String(groups)],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  if (built.status !== 0)
    throw new Error(`the store of ${sessions} sessions was not built (${built.status})`);
  say(`  store of ${sessions} sessions built in ${Math.round((performance.now() - began) / 1000)} s`);
  return folder;
}

/**
 * Starts an agent on a store with that many sessions. It listens once `untilAnswering` or the caller's own first
 * question succeeds: the start itself is what one figure measures.
 */
export async function startBigAgent(options: BigAgentOptions): Promise<BigAgent> {
  const built = builtFolder(options.sessions, options.groups);
  const folder = mkdtempSync(path.join(tmpdir(), "rollcall-bench-agent-"));
  const stateDir = path.join(folder, "state");
  cpSync(path.join(built, "state"), stateDir, { recursive: true });
  chmodSync(stateDir, 0o700);
  // On the disk, as after any other stop: else the agent's first write waits for the whole copy.
  const store = openSync(path.join(stateDir, "store.db"), "r+");
  fsyncSync(store);
  closeSync(store);
  const secret = newClientSecret();
  const clientIds = Array.from({ length: options.firewalls }, (_, at) => `srx-${at}`);
  const config = path.join(folder, "site.yaml");
  writeFileSync(path.join(folder, "password"), "bench", { mode: 0o600 });
  writeFileSync(config, siteOf(clientIds, makeSecretVerifier(secret)) + directoryOf(options.directoryPort));
  const [firewallPort = 0, syslogPort = 0, statusPort = 0] = await freePorts(3);
  const command = [
    process.execPath,
    MAIN,
    "--state-dir",
    stateDir,
    "run",
    "--config",
    config,
    "--firewall-listen",
    `127.0.0.1:${firewallPort}`,
    "--syslog-listen",
    `127.0.0.1:${syslogPort}`,
    "--status-listen",
    `127.0.0.1:${statusPort}`,
  ];
  const [program = "", ...args] = options.core === undefined ? command : onCore(options.core, command);
  const startedAt = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  return {
    child,
    firewallPort,
    syslogPort,
    statusPort,
    clientIds,
    secret,
    caFile: path.join(stateDir, "own-authority.pem"),
    startedAt,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until its status address says that it is ready. Throws when it has ended instead. */
export async function untilReady({ child, statusPort }: BigAgent): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`);
    const ready = await fetch(`http://127.0.0.1:${statusPort}/readyz`).catch(() => null);
    await ready?.body?.cancel();
    if (ready?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function directoryOf(port: number | undefined): string {
  if (port === undefined) return "";
  // Of the id and with the names that the sessions' facts have: nothing of them is news.
  return `directories:
  - { id: directory-1, name: Big, host: 127.0.0.1, port: ${port}, tls: none, bindUser: bench, bindPassword: { file: password }, maxQueriesPerSecond: 1000, pageSize: 1000 }
`;
}

function siteOf(clientIds: readonly string[], verifier: string): string {
  const points = clientIds.map(
    (clientId, at) =>
      `  - { id: point-${at}, name: FW${at}, clientId: ${clientId}, addressSpaceIds: [${BIG_SPACE}], verifiers: ["${verifier}"] }`,
  );
  return `addressSpaces: [{ id: ${BIG_SPACE}, name: Main }]
syslogSources:
  - id: ${BIG_SOURCE}
    name: VPN
    senders: [127.0.0.1]
    addressSpaceId: ${BIG_SPACE}
    speaksFor: [10.0.0.0/8]
    defaultDomain: corp.example
    sequences:
      - id: "on"
        ordinal: 1
        kind: begin
        trigger: LOGIN
        patterns: [{ attribute: user, pattern: 'user=(\\S+)' }, { attribute: ip, pattern: 'ip=(\\S+)' }]
      - id: "off"
        ordinal: 2
        kind: end
        trigger: LOGOUT
        patterns: [{ attribute: user, pattern: 'user=(\\S+)' }, { attribute: ip, pattern: 'ip=(\\S+)' }]
enforcementPoints:
${points.join("\n")}
`;
}
