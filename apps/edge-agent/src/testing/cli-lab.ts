import { Readable, Writable } from "node:stream";
import { runCli } from "../cli/program.ts";

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CliRunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer;
  readonly isTerminal?: boolean;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

/** Runs a command line in this process, as main.ts does, and gives what it said. */
export async function runAgent(argv: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
  const out = new Sink(options.isTerminal ?? false);
  const err = new Sink(options.isTerminal ?? false);
  const code = await runCli(argv, {
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    stdout: out,
    stderr: err,
    environment: options.environment ?? {},
    now: options.now ?? Date.now,
    untilTerminated: () => options.signal ?? new AbortController().signal,
  });
  return { code, out: out.text, err: err.text };
}

class Sink extends Writable {
  text = "";
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
