import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import path from "node:path";

export type ServiceFault =
  | "port-taken"
  | "no-disk"
  | "no-right"
  | "not-installed"
  | "already-running"
  | "did-not-start";

/** A service of this machine could not be started. The message is one sentence with its remedy, fit to be printed alone. */
export class ServiceUnavailableError extends Error {
  readonly code: ServiceFault;

  constructor(code: ServiceFault, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "ServiceUnavailableError";
    this.code = code;
  }
}

/** Makes a data folder. What the system refuses is said as a sentence: some refusals name the wrong cause by themselves. */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    let there = path.dirname(folder);
    while (!existsSync(there)) there = path.dirname(there);
    let cause = error;
    try {
      accessSync(there, constants.W_OK);
    } catch (refusal) {
      cause = refusal;
    }
    throw explainSystemFault(cause, `making the data folder ${folder}`);
  }
}

/** Turns a refusal of the operating system into a sentence; anything else comes back as it was. */
export function explainSystemFault(error: unknown, doing: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new ServiceUnavailableError(
      "no-disk",
      `The disk is full while ${doing}: free some space, then start again.`,
      {
        cause: error,
      },
    );
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return new ServiceUnavailableError(
      "no-right",
      `This user may not write while ${doing}: give it the right, or name another data folder.`,
      { cause: error },
    );
  return error;
}
