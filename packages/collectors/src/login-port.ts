/** One login, opened for one attempt: nobody keeps it longer than that. */
export interface Login {
  /** UPN (`reader@corp.example`), `DOMAIN\user` or, for a directory, a DN. */
  readonly user: string;
  readonly password: string;
  /** Kerberos realm in upper case; null where neither the credential nor the user's name says one. */
  readonly realm: string | null;
  /** Controllers to ask for tickets, in order; found by DNS where empty. */
  readonly kdcs: readonly string[];
  readonly allowNtlm: boolean;
}

/**
 * What came of one attempt.
 * `refused` is for a server that does not take this name and password (wrong, expired, disabled, locked), never for
 * one that took them and then allowed too little: two refusals in a row pause the login for everybody.
 */
export type LoginResult<T> =
  | {
      readonly kind: "accepted";
      readonly value: T;
      /** False: by tickets that were there already, so nothing was proved of the password now. */
      readonly isFresh?: boolean;
    }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Thrown by a log-on that showed its password and was told nothing of it: the line broke, or the time was up. It may have been
 * refused, and counts as if it had, for a while. `because` is what happened, and what the source is thrown.
 */
export class LoginUnanswered extends Error {
  override readonly name = "LoginUnanswered";
  readonly because: unknown;

  constructor(because: unknown) {
    super(because instanceof Error ? because.message : String(because));
    this.because = because;
  }
}

/** `withheld`: nothing was tried. The login is paused or could not be opened; the sentence says why and what to do. */
export type LoginOutcome<T> = LoginResult<T> | { readonly kind: "withheld"; readonly sentence: string };

/**
 * The way of one source to one login that others may use too. Whoever hands it out counts, and sees to it that a wrong
 * password is tried at most twice over all of them together.
 */
export interface LoginPort {
  /** Why no attempt would be made now, or null: to be asked before a server is reached for nothing. */
  withheld(): Promise<string | null>;
  /**
   * Runs one attempt in its turn: while a password has not proved itself others wait for what comes of this one, so
   * `logIn` holds nothing but the log-on itself and ends within a time limit of its own. It goes on when `signal` is aborted, so that
   * what came of the password is known; who asked is let go at once, and a value that comes too late is closed where it has a
   * `close`. The signal that `logIn` is given is that of whoever hands the login out.
   * Errors: what `logIn` throws passes unchanged and counts for nothing: the server could not be asked. Of `LoginUnanswered` what it
   * is about passes.
   */
  attempt<T>(
    logIn: (login: Login, signal: AbortSignal) => Promise<LoginResult<T>>,
    signal: AbortSignal,
  ): Promise<LoginOutcome<T>>;
  /** Waits, after `withheld`, until an attempt makes sense again: another password, or a person who says so. */
  untilUsable(signal: AbortSignal): Promise<void>;
}

/** The realm that a user's name says: what follows the `@` of a UPN, in upper case. */
export function realmOf(user: string): string | null {
  const at = user.lastIndexOf("@");
  return at <= 0 || at === user.length - 1 ? null : user.slice(at + 1).toUpperCase();
}
