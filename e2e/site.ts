import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePort } from "../scripts/services/free-port.ts";
import type { Portal } from "./portal.ts";
import { Running, runToEnd } from "./process.ts";
import type { Product } from "./product.ts";
import { Hopeless, until } from "./until.ts";

const AGENT = "apps/edge-agent/dist/main.mjs";
const SIMULATOR = "tools/srx-simulator/src/main.ts";

/** One line of a firewall's authentication table. */
export interface TableLine {
  readonly ip: string;
  readonly user: string;
  readonly domain: string;
  readonly groups: readonly string[];
}

/** An agent as a person runs it: enrolled with the file from the portal, started by hand. */
export class Agent {
  readonly stateDir: string;
  readonly firewall: string;
  readonly syslog: { host: string; port: number };
  readonly status: string;
  #running: Running | null = null;

  private constructor(
    stateDir: string,
    firewall: string,
    syslog: { host: string; port: number },
    status: string,
  ) {
    this.stateDir = stateDir;
    this.firewall = firewall;
    this.syslog = syslog;
    this.status = status;
  }

  static async enrol(
    product: Product,
    host: string,
    file: { fileName: string; fileText: string },
  ): Promise<Agent> {
    const folder = mkdtempSync(path.join(product.dir, "agent-"));
    const stateDir = path.join(folder, "state");
    mkdirSync(stateDir, { mode: 0o700 });
    const onboarding = path.join(folder, file.fileName);
    writeFileSync(onboarding, file.fileText, { mode: 0o600 });
    const enrolled = await runToEnd("rollcall-agent enroll", AGENT, [
      "enroll",
      onboarding,
      "--yes",
      "--state-dir",
      stateDir,
    ]);
    if (enrolled.code !== 0)
      throw new Error(`enroll: ${enrolled.code}\n${enrolled.stdout}${enrolled.stderr}`);
    // One firewall port everywhere: Junos has one for both of its servers.
    const port = new URL(product.ready.gateway.firewall_url).port;
    return new Agent(
      stateDir,
      `${host}:${port}`,
      { host, port: await freePort(host) },
      `127.0.0.1:${await freePort()}`,
    );
  }

  async run(): Promise<void> {
    this.#running = new Running("rollcall-agent run", AGENT, [
      "run",
      "--state-dir",
      this.stateDir,
      "--firewall-listen",
      this.firewall,
      "--syslog-listen",
      `${this.syslog.host}:${this.syslog.port}`,
      "--status-listen",
      this.status,
    ]);
    const running = this.#running;
    await until("the agent is ready", 60_000, async () => {
      if (!running.isRunning) throw new Hopeless(running.lastWords());
      return (await fetch(`http://${this.status}/readyz`)).ok;
    });
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.#running?.stop(signal);
  }

  async statusJson(): Promise<Record<string, unknown>> {
    return (await (await fetch(`http://${this.status}/status`)).json()) as Record<string, unknown>;
  }

  lastWords(): string {
    return this.#running?.lastWords() ?? "the agent was never started";
  }
}

/** A firewall simulator and what it holds. */
export class Firewall {
  readonly #running: Running;
  readonly #control: string;

  private constructor(running: Running, control: string) {
    this.#running = running;
    this.#control = control;
  }

  static async start(
    url: string,
    clientId: string,
    clientSecret: string,
    tls: readonly string[],
  ): Promise<Firewall> {
    const control = `127.0.0.1:${await freePort()}`;
    const running = new Running("srx run", SIMULATOR, [
      "run",
      "--url",
      url,
      "--client-id",
      clientId,
      "--client-secret",
      clientSecret,
      "--interval",
      "0.25",
      "--control",
      control,
      "-o",
      "ndjson",
      ...tls,
    ]);
    await until("the firewall simulator is up", 20_000, async () => {
      if (!running.isRunning) throw new Hopeless(running.lastWords());
      return (await fetch(`http://${control}/health`)).status < 600;
    });
    return new Firewall(running, control);
  }

  async table(): Promise<TableLine[]> {
    return (await (await fetch(`http://${this.#control}/table`)).json()) as TableLine[];
  }

  async at(ip: string): Promise<TableLine | undefined> {
    return (await this.table()).find((line) => line.ip === ip);
  }

  /** What failed so far, of all it asked: `errors` counts batches, `tokenErrors` refused token requests. */
  async counters(): Promise<{ readonly errors: number; readonly tokenErrors: number }> {
    const { servers } = (await (await fetch(`http://${this.#control}/counters`)).json()) as {
      servers: readonly { batchErrors: number; tokenErrors: number }[];
    };
    const sum = (of: "batchErrors" | "tokenErrors") => servers.reduce((all, one) => all + one[of], 0);
    return { errors: sum("batchErrors"), tokenErrors: sum("tokenErrors") };
  }

  stop(): Promise<number | null> {
    return this.#running.stop();
  }
}

/** Runs a command on the agent through the cloud, as the portal's buttons do, and waits for its result. */
export async function command(
  portal: Portal,
  customer: string,
  what: unknown,
): Promise<Record<string, unknown>> {
  const started = await portal.mutate<{ id: string }>("commands.start", { customer, command: what });
  const { value } = await until("the command's result", 60_000, async () => {
    const view = await portal.query<{
      state: string;
      result: Record<string, unknown> | null;
      message: string | null;
    }>("commands.get", {
      customer,
      id: started.id,
    });
    if (["failed", "refused", "expired"].includes(view.state))
      throw new Error(`${view.state}: ${view.message}`);
    return view.state === "done" ? view.result : null;
  });
  return value;
}
