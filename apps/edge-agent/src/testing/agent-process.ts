import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "node:querystring";
import { makeSecretVerifier, newClientSecret } from "@rollcall/pki";
import { freePort } from "@rollcall/testkit";
import { Agent, request } from "undici";
import { type StatusDocument, statusDocument } from "../status/status-document.ts";

const MAIN = path.resolve(import.meta.dirname, "..", "main.ts");

export interface AgentPorts {
  readonly firewall: number;
  readonly syslog: number;
  readonly status: number;
}

/** A real agent in a process of its own, on ports of its own, in a folder of its own. */
export class AgentProcess {
  readonly stateDir: string;
  readonly ports: AgentPorts;
  readonly #arguments: readonly string[];
  #child: ChildProcess | null = null;
  log = "";
  out = "";

  constructor(stateDir: string, ports: AgentPorts, more: readonly string[] = []) {
    this.stateDir = stateDir;
    this.ports = ports;
    this.#arguments = [
      MAIN,
      "--state-dir",
      stateDir,
      "run",
      "--firewall-listen",
      `127.0.0.1:${ports.firewall}`,
      "--syslog-listen",
      `127.0.0.1:${ports.syslog}`,
      "--status-listen",
      `127.0.0.1:${ports.status}`,
      ...more,
    ];
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts it and waits until it answers. Throws with its log when it ends instead. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#arguments, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    child.stdout?.on("data", (chunk) => {
      this.out += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      this.log += chunk;
    });
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}:\n${this.log}`);
      if ((await this.#ready()) === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
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
  return { firewall: await freePort(), syslog: await freePort(), status: await freePort() };
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
  readonly #base: string;
  readonly #site: Pick<SyslogSite, "clientId" | "secret">;
  #token = "";
  #cookie = "";
  /** Who is at which address, as it was told. */
  readonly table = new Map<string, string>();

  constructor(port: number, caPem: string, site: Pick<SyslogSite, "clientId" | "secret">) {
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
