import type { Environment, Flags } from "../config.ts";
import type { Terminal } from "./terminal.ts";

/** Options that every command knows. */
export interface GlobalOptions {
  readonly stateDir?: string;
  readonly color: boolean;
  readonly input: boolean;
}

/** What a command is given: where to speak, what was said, the time, and when to stop. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly environment: Environment;
  readonly flags: Flags;
  readonly now: () => number;
  /** For commands that go on until they are told to stop: aborted by Ctrl-C and by the service manager. */
  untilTerminated(): AbortSignal;
}
