import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startRedis } from "../scripts/services.ts";
import { Running } from "./process.ts";
import { Hopeless, until } from "./until.ts";

/** What `npm start -- --json` prints. */
export interface Ready {
  readonly portal: string;
  readonly email: string;
  readonly password: string;
  readonly agent: { firewall_url: string; syslog_udp: string; syslog_tcp: string; status_url: string } | null;
  readonly gateway: { firewall_url: string; agent_url: string };
  readonly enforcement_point: { client_id: string; client_secret: string } | null;
}

/** Which way this run is made: BullMQ and the bell on Postgres, or on Redis. */
export const variant = process.env.ROLLCALL_TEST_VARIANT === "redis" ? "redis" : "postgres";

/** The whole product, started as a person would, on free ports and with throw-away data. */
export class Product {
  readonly dir: string;
  readonly ready: Ready;
  readonly #start: Running;
  readonly #redis: Awaited<ReturnType<typeof startRedis>>;

  private constructor(
    dir: string,
    ready: Ready,
    start: Running,
    redis: Awaited<ReturnType<typeof startRedis>>,
  ) {
    this.dir = dir;
    this.ready = ready;
    this.#start = start;
    this.#redis = redis;
  }

  static async start(args: readonly string[] = []): Promise<Product> {
    const dir = mkdtempSync(path.join(tmpdir(), "rollcall-e2e-"));
    // Postgres may run as another user and must be able to pass through.
    chmodSync(dir, 0o755);
    const redis =
      variant === "redis" ? await startRedis({ dataDir: path.join(dir, "redis"), isThrowAway: true }) : null;
    if (variant === "redis" && redis === null)
      throw new Error("the Redis run needs redis-server: install it");
    const running = new Running(
      "npm start",
      "scripts/start.ts",
      ["--json", "--free-ports", "--data", path.join(dir, "data"), ...args],
      {
        REDIS_URL: redis?.url ?? "",
      },
    );
    const { value } = await until("npm start is ready", 420_000, () => {
      if (!running.isRunning) throw new Hopeless(`npm start ended: ${running.lastWords()}`);
      return running.stdout.includes("\n") ? running.stdout : null;
    }).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${running.lastWords()}`);
    });
    const line = value.split("\n").find((text) => text.startsWith("{")) ?? "{}";
    return new Product(dir, JSON.parse(line) as Ready, running, redis);
  }

  /** Stops what was started, by its own id; gives the exit code of `npm start`. */
  async stop(): Promise<number | null> {
    const code = await this.#start.stop("SIGINT");
    await this.#redis?.stop();
    rmSync(this.dir, { recursive: true, force: true });
    return code;
  }

  get talk(): string {
    return this.#start.stderr;
  }

  /** Freezes one part of the product where it stands, as a hung machine would; by the id that `npm start` wrote. */
  pause(name: string): void {
    process.kill(this.#pidOf(name), "SIGSTOP");
  }

  resume(name: string): void {
    process.kill(this.#pidOf(name), "SIGCONT");
  }

  #pidOf(name: string): number {
    const pids = JSON.parse(readFileSync(path.join(this.dir, "data", "processes.json"), "utf8")) as Record<
      string,
      number | null
    >;
    const pid = pids[name];
    if (!pid) throw new Error(`npm start runs no ${name}`);
    return pid;
  }
}
