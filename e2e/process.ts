import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "..");

/** A process of the product under test, with all it said. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stdout = "";
  stderr = "";
  readonly #name: string;

  constructor(name: string, script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#name = name;
    this.child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", path.join(root, script), ...args],
      {
        cwd: root,
        env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", ...env },
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.ended = new Promise((resolve) => this.child.once("exit", (code) => resolve(code)));
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The last words, for a failure's message. */
  lastWords(): string {
    return `${this.#name}: ${`${this.stdout}\n${this.stderr}`.trim().split("\n").slice(-25).join("\n")}`;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.isRunning) this.child.kill(signal);
    return this.ended;
  }
}

/** Runs a command of the product to its end. */
export async function runToEnd(
  name: string,
  script: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; stdin?: string } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const running = new Running(name, script, args, options.env);
  running.child.stdin?.end(options.stdin ?? "");
  const code = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}
