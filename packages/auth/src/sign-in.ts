import { randomBytes } from "node:crypto";
import type { LiveSignIn, Person, SignInStore } from "@rollcall/db";
import { verifyPassword } from "./password.ts";

/** A sign-in ends this long after it was made, whatever happens. */
export const ABSOLUTE_MS = 12 * 3_600_000;
/** And this long after its last use. */
export const IDLE_MS = 30 * 60_000;

const FREE_TRIES = 5;
const LONGEST_WAIT_MS = 5 * 60_000;

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
 *         five minutes. The count is of that pair: a stranger elsewhere cannot lock anybody out.
 */
export async function checkPassword(
  signIns: SignInStore,
  { email, password, sourceIp }: PasswordAttempt,
  now: number,
): Promise<PasswordOutcome> {
  const key = `${email.trim().toLowerCase().slice(0, 320)} from ${networkOf(sourceIp)}`;
  const before = await signIns.failuresOf(key);
  const wait = before ? waitAfter(before.failures) - (now - before.lastAt.getTime()) : 0;
  if (wait > 0) return { kind: "wait", seconds: Math.ceil(wait / 1000) };
  const person = await signIns.findByEmail(email);
  const isRight = await verifyPassword(password, person?.passwordHash ?? null);
  if (!person || !isRight || person.disabledAt !== null) {
    await signIns.noteFailure(key);
    return { kind: "refused" };
  }
  await signIns.clearFailures(key);
  return { kind: "signed-in", person };
}

export function waitAfter(failures: number): number {
  return failures < FREE_TRIES ? 0 : Math.min(LONGEST_WAIT_MS, 1000 * 2 ** (failures - FREE_TRIES));
}

/** /24 or /64: what one household or office usually is. */
function networkOf(ip: string | null): string {
  if (ip === null) return "unknown";
  return ip.includes(":") ? ip.split(":").slice(0, 4).join(":") : ip.split(".").slice(0, 3).join(".");
}

/** 256 bits, opaque. Only its hash is stored. */
export function newSignInToken(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * The live sign-in of a browser's token; null when it is unknown, too old, idle for too long, or the person is disabled.
 * Notes its use at most once a minute.
 */
export async function findLiveSignIn(
  signIns: SignInStore,
  token: string,
  now: number,
): Promise<LiveSignIn | null> {
  if (token.length < 20 || token.length > 200) return null;
  const signIn = await signIns.findSignIn(token);
  if (signIn === null) return null;
  const idleMs = now - signIn.lastSeenAt.getTime();
  if (idleMs > IDLE_MS) {
    await signIns.endSignIn(token);
    return null;
  }
  if (idleMs > 60_000) await signIns.touchSignIn(token);
  return signIn;
}
