import type { ExitName } from "./cli/exit-codes.ts";

export interface AgentErrorOptions extends ErrorOptions {
  /** What to do about it, as a sentence. */
  readonly remedy?: string;
  /** How the process ends when this reaches the command line. */
  readonly exit?: ExitName;
}

/**
 * A fault that people read: what went wrong, what to do, and a stable code for scripts and the handbook.
 * The message is a whole sentence; it never holds a secret.
 */
export class AgentError extends Error {
  readonly code: string;
  readonly remedy: string | null;
  readonly exit: ExitName;

  constructor(code: string, message: string, options: AgentErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AgentError";
    this.code = code;
    this.remedy = options.remedy ?? null;
    this.exit = options.exit ?? "failed";
  }
}

/** The message of anything thrown, with its causes: for a sentence, not for a log. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const inner = thrown.cause instanceof Error ? thrown.cause.message : null;
  return inner === null || thrown.message.includes(inner) ? thrown.message : `${thrown.message} (${inner})`;
}
