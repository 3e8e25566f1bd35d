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
