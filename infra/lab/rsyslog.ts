import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runCommand } from "./run-command.ts";

/** One place to forward to. */
export type RsyslogTarget =
  | {
      readonly transport: "udp";
      readonly format: "rfc3164" | "rfc5424";
      readonly host: string;
      readonly port: number;
    }
  | {
      readonly transport: "tcp";
      readonly format: "rfc3164" | "rfc5424";
      readonly framing: "octet-counted" | "newline";
      readonly host: string;
      readonly port: number;
    };

export interface RsyslogOptions {
  /** Files to follow from their present end, each line one message. They are created where they are not there. */
  readonly files: readonly { readonly path: string; readonly tag: string }[];
  readonly targets: readonly RsyslogTarget[];
  /** Its own folder: state, queues, configuration, log. */
  readonly workDirectory: string;
  /** What it says its host is called. */
  readonly hostName: string;
}

export interface Rsyslog {
  readonly pid: number;
  /** What it complained about. */
  log(): Promise<string>;
  /** Ends it by its process id; queued lines are kept in the work directory for the next start. */
  stop(): Promise<void>;
}

const TEMPLATES = { rfc3164: "RSYSLOG_TraditionalForwardFormat", rfc5424: "RSYSLOG_SyslogProtocol23Format" };
const RSYSLOGD = ["/usr/sbin/rsyslogd", "/usr/bin/rsyslogd", "/sbin/rsyslogd"];

/** Why there is no rsyslog here; null where there is one. */
export function whyNoRsyslog(): string | null {
  return RSYSLOGD.some((program) => existsSync(program))
    ? null
    : "No rsyslog here: install the package rsyslog.";
}

/**
 * Starts a real rsyslogd that follows files and forwards their lines.
 *
 * Promises: each target has a disk-assisted queue of its own and is tried again for ever, once a second: lines written
 *           while the receiver is dead arrive when it is back. Ready when every file is followed.
 * Errors:   throws with rsyslogd's own words when it refuses its configuration or ends at once.
 * Source:   rsyslog 8 documentation, imfile, omfwd, queue parameters (documented).
 */
export async function startRsyslog(options: RsyslogOptions): Promise<Rsyslog> {
  const program = RSYSLOGD.find((candidate) => existsSync(candidate));
  if (program === undefined) throw new Error("start rsyslog: it is not installed");
  const folder = options.workDirectory;
  await mkdir(folder, { recursive: true });
  for (const file of options.files) if (!existsSync(file.path)) await writeFile(file.path, "");
  const configuration = path.join(folder, "rsyslog.conf");
  const complaints = path.join(folder, "rsyslogd.log");
  await writeFile(configuration, configurationOf(options, complaints));
  await writeFile(complaints, "");
  const checked = await runCommand(program, ["-N1", "-f", configuration]);
  if (checked.code !== 0) throw new Error(`start rsyslog: ${checked.stderr.trim()}`);

  const child = spawn(program, ["-n", "-f", configuration, "-i", path.join(folder, "rsyslogd.pid")], {
    stdio: "ignore",
    env: { PATH: process.env.PATH ?? "", LC_ALL: "C.UTF-8" },
  });
  await untilFollowing(child, folder, options.files.length);
  const { pid } = child;
  if (pid === undefined) throw new Error("start rsyslog: it could not be started");
  return {
    pid,
    log: () => readFile(complaints, "utf8"),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(killer);
    },
  };
}

function configurationOf(options: RsyslogOptions, complaints: string): string {
  const lines = [
    `global(workDirectory="${options.workDirectory}" maxMessageSize="64k" localHostname="${options.hostName}" parser.permitSlashInProgramName="on")`,
    `module(load="imfile" mode="inotify")`,
  ];
  for (const { path: file, tag } of options.files) {
    lines.push(
      `input(type="imfile" File="${file}" Tag="${tag}" Severity="info" Facility="authpriv" freshStartTail="on" PersistStateInterval="1" ruleset="forward")`,
    );
  }
  lines.push(`ruleset(name="forward") {`);
  for (const [index, target] of options.targets.entries()) lines.push(`  ${actionOf(target, index)}`);
  lines.push("}", `*.* action(type="omfile" file="${complaints}")`);
  return `${lines.join("\n")}\n`;
}

function actionOf(target: RsyslogTarget, index: number): string {
  const framing =
    target.transport === "tcp"
      ? ` tcp_framing="${target.framing === "newline" ? "traditional" : "octet-counted"}" KeepAlive="on"`
      : "";
  // A queue of its own: one dead receiver holds up no other. On disk when memory is full and at the end.
  const queue = `queue.type="LinkedList" queue.filename="target${index}" queue.saveOnShutdown="on" queue.maxDiskSpace="256m" action.resumeRetryCount="-1" action.resumeInterval="1" action.resumeIntervalMax="1"`;
  return `action(type="omfwd" target="${target.host}" port="${target.port}" protocol="${target.transport}" template="${TEMPLATES[target.format]}"${framing} ${queue})`;
}

/** Waits until rsyslogd watches each file: lines written before that moment would be skipped. */
async function untilFollowing(child: ChildProcess, folder: string, files: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) {
      const said = await readFile(path.join(folder, "rsyslogd.log"), "utf8").catch(() => "");
      throw new Error(`start rsyslog: it ended with ${child.exitCode}. ${said.trim()}`);
    }
    if ((await watchesOf(child.pid)) >= files) return;
    await delay(25);
  }
  throw new Error("start rsyslog: it did not begin to follow its files in 5 s");
}

/** How many inotify watches a process holds. Source: proc(5), fdinfo (documented). */
async function watchesOf(pid: number | undefined): Promise<number> {
  const { stdout } = await runCommand("sh", [
    "-c",
    `cat /proc/${pid}/fdinfo/* 2>/dev/null | grep -c ^inotify || true`,
  ]);
  return Number(stdout.trim());
}
