import { type Algorithm, hash, verify } from "@node-rs/argon2";

/** OWASP's least: 19 MiB, two passes, one lane. Some 30 ms on one core. */
const OPTIONS = {
  algorithm: 2 satisfies Algorithm.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
} as const;

/** A password that is the only factor. Source: NIST SP 800-63B-4, 3.1.1 (documented). */
export const PASSWORD_CHARACTERS_MIN = 15;
export const PASSWORD_CHARACTERS_MAX = 256;

/** Each takes 19 MiB: no more at once, or a crowd at the door takes the memory of everybody inside. */
const AT_ONCE = 4;
const WAITING_MAX = 200;

/** So many people at the door that one more is not let in. It passes. */
export class TooManyPasswordChecksError extends Error {
  readonly code = "too-many-password-checks";
  constructor() {
    super("check a password: too many are being checked");
    this.name = "TooManyPasswordChecksError";
  }
}

export type PasswordJudgement =
  | { readonly kind: "good" }
  | { readonly kind: "too-short"; readonly min: number }
  | { readonly kind: "too-long"; readonly max: number };

/** Length is what counts; what it is made of is nobody's business. Counts characters, not bytes. */
export function judgePassword(password: string): PasswordJudgement {
  const characters = [...password.normalize("NFKC")].length;
  if (characters < PASSWORD_CHARACTERS_MIN) return { kind: "too-short", min: PASSWORD_CHARACTERS_MIN };
  if (characters > PASSWORD_CHARACTERS_MAX) return { kind: "too-long", max: PASSWORD_CHARACTERS_MAX };
  return { kind: "good" };
}

/** The PHC string that is stored: argon2id with its parameters and a random salt. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password.normalize("NFKC"), OPTIONS));
}

/**
 * Whether a password belongs to a stored hash. With `null` (no such person, or none with a password) it does the same
 * work and says no, so that the time tells nothing.
 * Errors: `TooManyPasswordChecksError`; a malformed hash is no match.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const against = stored ?? (await nobodysHash());
  const belongs = await inTurn(() =>
    // Longer than allowed cannot be anybody's: it is cut, so that nobody makes us digest a book.
    verify(against, password.normalize("NFKC").slice(0, 4 * PASSWORD_CHARACTERS_MAX)).catch(() => false),
  );
  return belongs && stored !== null;
}

let nobodys: Promise<string> | undefined;
function nobodysHash(): Promise<string> {
  nobodys ??= hashPassword(crypto.randomUUID());
  return nobodys;
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= WAITING_MAX) throw new TooManyPasswordChecksError();
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}
