import type { DirectoryFaultCode } from "./directory-fault.ts";

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;
/** A refused password is tried once more, after this; whoever hands the login out sees to it that it ends there. */
const CREDENTIALS_MS = 5 * 60_000;

export type RetryDelay =
  | { readonly kind: "after"; readonly ms: number }
  /** Not before the login may be used again. */
  | { readonly kind: "hold" };

/**
 * How long to wait before the next attempt.
 *
 * Shape:  grows from 1 s to 60 s, each between half and all of its step, so that agents do not come in step.
 *         `failures` counts from 1 and only failures in a row.
 * Source: rulings: a wrong password is not retried, it locks accounts (documented).
 */
export function retryDelay(code: DirectoryFaultCode, failures: number, random: () => number): RetryDelay {
  if (code === "login-withheld") return { kind: "hold" };
  if (code === "credentials-refused") return { kind: "after", ms: CREDENTIALS_MS };
  const step = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return { kind: "after", ms: Math.round(step * (0.5 + random() / 2)) };
}
