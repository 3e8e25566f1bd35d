import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import path from "node:path";

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** How long it may take to stop before it is killed. */
  readonly stopMs?: number;
}

/**
 * The processes this start has made, and nothing else: started in order, stopped in reverse, by their own id.
 * A child's output goes to `<logs>/<name>.log`; its last lines are kept to be shown if it dies.
 */
export class Children {
  readonly #logs: string;
  readonly #running: { spec: ChildSpec; child: ChildProcess; tail: string[]; ended: Promise<void> }[] = [];
  #isStopping = false;
  onDeath: (name: string, code: number | null, tail: string[]) => void = () => {};

  constructor(logs: string) {
    this.#logs = logs;
    mkdirSync(logs, { recursive: true });
  }

  start(spec: ChildSpec): ChildProcess {
    const log = createWriteStream(path.join(this.#logs, `${spec.name}.log`), { flags: "a" });
    // A group of its own: Ctrl-C in the terminal reaches only us, and we stop the children in order.
    const child = spawn(spec.command, [...spec.args], {
      cwd: spec.cwd,
      env: spec.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    const tail: string[] = [];
    const keep = (chunk: Buffer) => {
      log.write(chunk);
      tail.push(...chunk.toString().split("\n").filter(Boolean));
      tail.splice(0, Math.max(0, tail.length - 15));
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const ended = new Promise<void>((resolve) => {
      child.once("error", (error) => {
        tail.push(error.message);
        resolve();
      });
      child.once("exit", (code) => {
        resolve();
        if (!this.#isStopping) this.onDeath(spec.name, code, tail);
      });
    });
    this.#running.push({ spec, child, tail, ended });
    return child;
  }

  async stopAll(): Promise<void> {
    this.#isStopping = true;
    for (const { spec, child, ended } of this.#running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      const budget = new Promise<"late">((resolve) =>
        setTimeout(() => resolve("late"), spec.stopMs ?? 10_000).unref(),
      );
      if ((await Promise.race([ended.then(() => "ended" as const), budget])) === "late") {
        child.kill("SIGKILL");
        await ended;
      }
    }
    this.#running.length = 0;
  }

  pidOf(name: string): number | undefined {
    return this.#running.find((r) => r.spec.name === name)?.child.pid;
  }
}
