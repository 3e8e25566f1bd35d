import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "node:querystring";
import { makeSecretVerifier, newClientSecret } from "@rollcall/pki";
import { freePorts as differentPorts } from "@rollcall/testkit";
import { Agent, request } from "undici";
import { type StatusDocument, statusDocument } from "../status/status-document.ts";

const MAIN = path.resolve(import.meta.dirname, "..", "main.ts");

export interface AgentPorts {
  readonly firewall: number;
  readonly syslog: number;
  readonly status: number;
}

/** Somebody may take a port between its choice and its use: then the first start is tried with others. */
const STARTS_MAX = 4;

/** A real agent in a process of its own, on ports of its own, in a folder of its own. */
export class AgentProcess {
  readonly stateDir: string;
  readonly #more: readonly string[];
  #ports: AgentPorts;
  #hasStarted = false;
  #child: ChildProcess | null = null;
  log = "";
  out = "";

  constructor(stateDir: string, ports: AgentPorts, more: readonly string[] = []) {
    this.stateDir = stateDir;
    this.#ports = ports;
    this.#more = more;
  }

  /** Settled by the first start; a later one takes the same. */
  get ports(): AgentPorts {
    return this.#ports;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts it and waits until it answers. Throws with its log when it ends instead. */
  async start(): Promise<void> {
    for (let starts = 1; ; starts += 1) {
      const end = await this.#startOnce();
      if (end === null) {
        this.#hasStarted = true;
        return;
      }
      const isPortTaken = /\((tcp|udp)\) for .* is taken/.test(this.log);
      if (this.#hasStarted || !isPortTaken || starts === STARTS_MAX)
        throw new Error(`the agent ended with ${end}:\n${this.log}`);
      this.#ports = await freePorts();
      this.log = "";
    }
  }

  /** Gives null when it answers, else how it ended. */
  async #startOnce(): Promise<string | null> {
    const { firewall, syslog, status } = this.#ports;
    const child = spawn(
      process.execPath,
      [
        MAIN,
        "--state-dir",
        this.stateDir,
        "run",
        "--firewall-listen",
        `127.0.0.1:${firewall}`,
        "--syslog-listen",
        `127.0.0.1:${syslog}`,
        "--status-listen",
        `127.0.0.1:${status}`,
        ...this.#more,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child = child;
    child.stdout?.on("data", (chunk) => {
      this.out += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      this.log += chunk;
    });
    // Not at "exit": what it said last may still be on its way.
    let end: string | null = null;
    child.once("close", (code, signal) => {
      end = String(code ?? signal);
    });
    for (;;) {
      if (end !== null) return end;
      if (child.exitCode === null && (await this.#ready()) === 200) return null;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits until it has logged this; a line may come after what it tells of. Throws with its log when it does not. */
  async logged(pattern: RegExp, withinMs = 10_000): Promise<void> {
    const until = Date.now() + withinMs;
    while (!pattern.test(this.log)) {
      if (Date.now() > until)
        throw new Error(`the agent did not log ${pattern} within ${withinMs} ms:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Nobody reads what it says any more. */
  closeOutput(): void {
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Gives the exit code. */
  async stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  async status(): Promise<StatusDocument> {
    const reply = await request(`http://127.0.0.1:${this.ports.status}/status`);
    return statusDocument.parse(await reply.body.json());
  }

  async #ready(): Promise<number> {
    try {
      const reply = await request(`http://127.0.0.1:${this.ports.status}/readyz`);
      await reply.body.dump();
      return reply.statusCode;
    } catch {
      return 0;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    return child.exitCode;
  }
}

export async function freePorts(): Promise<AgentPorts> {
  const [firewall = 0, syslog = 0, status = 0] = await differentPorts(3);
  return { firewall, syslog, status };
}

export interface SyslogSite {
  readonly file: string;
  readonly clientId: string;
  readonly secret: string;
}

/** A stand-alone site: one syslog source on loopback that speaks for 10/8, and one firewall. */
export function writeSite(folder: string, more = ""): SyslogSite {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "site.yaml");
  const secret = newClientSecret();
  writeFileSync(
    file,
    `addressSpaces: [{ id: main, name: Main }]
syslogSources:
  - id: vpn
    name: VPN
    senders: [127.0.0.1]
    addressSpaceId: main
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
  - { id: fw, name: HQ-FW1, clientId: hq-fw1, addressSpaceIds: [main], verifiers: ["${makeSecretVerifier(secret)}"] }
${more}`,
  );
  return { file, clientId: "hq-fw1", secret };
}

interface ReportEntry {
  readonly ip: string;
  readonly user: string;
  readonly is_online: boolean;
}

/** A firewall as plain as can be: gets a token, asks, and trusts the given CA only. It shares no code with the server. */
export class PlainFirewall {
  readonly #agent: Agent;
  readonly caPem: string;
  readonly #base: string;
  readonly #site: Pick<SyslogSite, "clientId" | "secret">;
  #token = "";
  #cookie = "";
  /** Who is at which address, as it was told. */
  readonly table = new Map<string, string>();

  constructor(port: number, caPem: string, site: Pick<SyslogSite, "clientId" | "secret">) {
    this.caPem = caPem;
    this.#agent = new Agent({ connect: { ca: caPem } });
    this.#base = `https://127.0.0.1:${port}`;
    this.#site = site;
  }

  async logOn(secret: string = this.#site.secret): Promise<number> {
    const reply = await request(`${this.#base}/oauth_token/oauth`, {
      dispatcher: this.#agent,
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: stringify({
        grant_type: "client_credentials",
        client_id: this.#site.clientId,
        client_secret: secret,
      }),
    });
    const text = await reply.body.text();
    if (reply.statusCode === 200) this.#token = (JSON.parse(text) as { access_token: string }).access_token;
    return reply.statusCode;
  }

  /** Asks what has changed since the last time and brings the own table forward. Gives the status. */
  async poll(): Promise<number> {
    for (;;) {
      const since = this.#cookie === "" ? "begintime=0" : `cookie=${this.#cookie}`;
      const reply = await request(`${this.#base}/user_query/v2/users/endpoints?${since}&entry_count=1000`, {
        dispatcher: this.#agent,
        headers: { authorization: `Bearer ${this.#token}` },
      });
      const text = await reply.body.text();
      if (reply.statusCode !== 200) return reply.statusCode;
      const answer = JSON.parse(text) as { cookie: string; report_entries: ReportEntry[] };
      this.#cookie = answer.cookie;
      for (const entry of answer.report_entries) {
        if (entry.is_online) this.table.set(entry.ip, entry.user);
        else this.table.delete(entry.ip);
      }
      if (answer.report_entries.length === 0) return 200;
    }
  }

  close(): Promise<void> {
    return this.#agent.close();
  }
}
