import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** True when a program of that name is on this machine's path. */
export function hasProgram(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v "$1"`, "sh", name], { stdio: "ignore" }).status === 0;
}

/** The command held to one core, where the machine has the tool for it: server and load must not share one. */
export function onCore(core: number, command: readonly string[]): readonly string[] {
  return hasProgram("taskset") ? ["taskset", "-c", String(core), ...command] : command;
}

/** Holds this very process to one core, where the machine has the tool for it. Gives the way back. */
export function holdSelf(core: number): () => void {
  if (!hasProgram("taskset")) return () => undefined;
  const hold = (cores: string) =>
    spawnSync("taskset", ["-a", "-cp", cores, String(process.pid)], { stdio: "ignore" });
  hold(String(core));
  return () => {
    hold(`0-${cpus().length - 1}`);
  };
}

/** A process that is asked and answers line by line. Its own talk goes to our stderr. */
export interface LineProcess {
  readonly pid: number;
  /** The next line it says. */
  line(): Promise<string>;
  ask(text: string): Promise<string>;
  stop(): Promise<void>;
}

export function startLineProcess(command: readonly string[]): LineProcess {
  const [program = "", ...args] = command;
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = async (): Promise<string> => {
    const next = await lines.next();
    if (next.done)
      throw new Error(`${command.join(" ")} ended without an answer (exit code ${child.exitCode})`);
    return next.value;
  };
  return {
    pid: child.pid ?? 0,
    line,
    ask(text) {
      child.stdin.write(`${text}\n`);
      return line();
    },
    async stop() {
      child.stdin.end();
      const killer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(killer);
    },
  };
}
