import { createHash, randomBytes } from "node:crypto";
import type { LiveSignIn, Person, SignInStore } from "@rollcall/db";
import { networkOf } from "./network.ts";
import { verifyPassword } from "./password.ts";

/** A sign-in ends this long after it was made, whatever happens. */
export const ABSOLUTE_MS = 12 * 3_600_000;
/** And this long after its last use. */
export const IDLE_MS = 30 * 60_000;

/** Tries without a wait: of one e-mail from one network, and of one network over all e-mails. */
const FREE_TRIES = 5;
const FREE_TRIES_OF_NETWORK = 50;
const LONGEST_WAIT_MS = 5 * 60_000;
/** After a day without a failure the count begins anew. */
const FORGET_MS = 86_400_000;

export type PasswordOutcome =
  | { readonly kind: "signed-in"; readonly person: Person }
  | { readonly kind: "refused" }
  | { readonly kind: "wait"; readonly seconds: number };

export interface PasswordAttempt {
  readonly email: string;
  readonly password: string;
  /** Where the browser comes from; null where that is not known. */
  readonly sourceIp: string | null;
}

/**
 * Checks e-mail and password.
 *
 * Shape:  unknown e-mail, wrong password and a disabled person are one answer, in the same time.
 *         After five failures of one e-mail from one network each further try must wait, twice as long each time up to
 *         five minutes. The count is of that pair: a stranger elsewhere cannot lock anybody out. A network is counted
 *         over all e-mails too, so that it cannot try one password on everybody.
 * Errors: `TooManyPasswordChecksError`, and what the database says.
 */
export async function checkPassword(
  signIns: SignInStore,
  { email, password, sourceIp }: PasswordAttempt,
  now: number,
): Promise<PasswordOutcome> {
  const network = networkOf(sourceIp);
  const pair = {
    key: digest(`${email.trim().toLowerCase().slice(0, 320)} from ${network}`),
    free: FREE_TRIES,
  };
  const whole = { key: digest(`anybody from ${network}`), free: FREE_TRIES_OF_NETWORK };
  const waits = await Promise.all([pair, whole].map((counted) => waitOf(signIns, counted, now)));
  const wait = Math.max(...waits);
  if (wait > 0) return { kind: "wait", seconds: Math.ceil(wait / 1000) };
  const person = await signIns.findByEmail(email);
  const isRight = await verifyPassword(password, person?.passwordHash ?? null);
  if (!person || !isRight || person.disabledAt !== null) {
    await signIns.noteFailure(pair.key);
    await signIns.noteFailure(whole.key);
    return { kind: "refused" };
  }
  // It proves the person, not the network: others behind it keep their count.
  await signIns.clearFailures(pair.key);
  return { kind: "signed-in", person };
}

async function waitOf(
  signIns: SignInStore,
  { key, free }: { readonly key: string; readonly free: number },
  now: number,
): Promise<number> {
  const before = await signIns.failuresOf(key);
  if (before === null) return 0;
  const quietMs = now - before.lastAt.getTime();
  if (quietMs >= FORGET_MS) {
    await signIns.clearFailures(key);
    return 0;
  }
  return waitAfter(before.failures, free) - quietMs;
}

export function waitAfter(failures: number, free = FREE_TRIES): number {
  return failures < free ? 0 : Math.min(LONGEST_WAIT_MS, 1000 * 2 ** Math.min(30, failures - free));
}

/** The table of failures is no list of e-mail addresses that somebody tried. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** 256 bits, opaque. Only its hash is stored. */
export function newSignInToken(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * The live sign-in of a browser's token; null when it is unknown, too old, idle for too long, or the person is disabled.
 *
 * Shape:  asks the database each time, so that an end or a change of roles acts on the next request. `isUse` says that
 *         the person did something: only that is noted (at most once a minute), so that a page left open, which asks by
 *         itself, does not keep a sign-in alive.
 */
export async function findLiveSignIn(
  signIns: SignInStore,
  token: string,
  { now, isUse }: { readonly now: number; readonly isUse: boolean },
): Promise<LiveSignIn | null> {
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return null;
  const signIn = await signIns.findSignIn(token);
  if (signIn === null) return null;
  const idleMs = now - signIn.lastSeenAt.getTime();
  if (idleMs > IDLE_MS) {
    await signIns.endSignIn(token);
    return null;
  }
  if (isUse && idleMs > 60_000) await signIns.touchSignIn(token);
  return signIn;
}
