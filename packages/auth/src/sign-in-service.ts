import { randomBytes } from "node:crypto";
import type { LiveSignIn, SignInStore } from "@rollcall/db";
import { verifyPassword } from "./password.ts";
import { createSignInThrottle } from "./sign-in-throttle.ts";

/** Without a sign of the person for this long a sign-in is over. */
export const IDLE_MS = 30 * 60_000;
/** However busy, after this long a person signs in anew. */
export const ABSOLUTE_MS = 12 * 3_600_000;
/** Use is written down at most this often. */
const TOUCH_MS = 60_000;
const TOKEN_BYTES = 32;

/** Who is asking. The API takes it as it is. */
export interface Principal {
  readonly userId: string;
  readonly practiceId: string;
  readonly name: string;
  readonly email: string;
  readonly timeZone: string;
  readonly signInId: string;
  readonly grants: readonly { readonly role: string; readonly customerId: string | null }[];
}

export interface SignInAttempt {
  readonly email: string;
  readonly password: string;
  readonly sourceIp: string | null;
  readonly userAgent: string | null;
  /** What the browser held before: that sign-in ends with the new one. */
  readonly replaces?: string | null;
}

export type SignInOutcome =
  | {
      readonly kind: "signed-in";
      readonly token: string;
      readonly person: { id: string; name: string; email: string };
    }
  /** Wrong password, no such person, disabled: nobody outside can tell which. */
  | { readonly kind: "refused" }
  | { readonly kind: "wait"; readonly seconds: number };

export interface SignInService {
  attempt(attempt: SignInAttempt): Promise<SignInOutcome>;
  /**
   * Who a token belongs to; null when unknown, ended, idle for too long, or the person is disabled. Asks the database
   * each time, so that a change of roles or an end acts on the next request. `isUse`: the person did something.
   */
  resolve(token: string, options: { readonly isUse: boolean }): Promise<Principal | null>;
  end(token: string): Promise<void>;
}

/**
 * Signing in with e-mail and password, and knowing people again by an opaque token of 256 random bits.
 * The browser has the token, the database its SHA-256 only.
 */
export function createSignInService(store: SignInStore, now: () => number): SignInService {
  const throttle = createSignInThrottle(store, now);
  return {
    async attempt({ email, password, sourceIp, userAgent, replaces }) {
      const waitMs = await throttle.waitMs({ email, sourceIp });
      if (waitMs > 0) return { kind: "wait", seconds: Math.ceil(waitMs / 1000) };
      const person = await store.findByEmail(email);
      const belongs = await verifyPassword(password, person?.passwordHash ?? null);
      if (!belongs || person === null || person.disabledAt !== null) {
        await throttle.noteFailure({ email, sourceIp });
        return { kind: "refused" };
      }
      await throttle.noteSuccess({ email, sourceIp });
      if (replaces) await store.endSignIn(replaces);
      const token = randomBytes(TOKEN_BYTES).toString("base64url");
      const expiresAt = new Date(now() + ABSOLUTE_MS);
      await store.createSignIn({ userId: person.id, token, expiresAt, sourceIp, userAgent });
      return { kind: "signed-in", token, person: { id: person.id, name: person.name, email: person.email } };
    },

    async resolve(token, { isUse }) {
      if (!isToken(token)) return null;
      const found = await store.findSignIn(token);
      if (found === null) return null;
      const idleMs = now() - found.lastSeenAt.getTime();
      if (idleMs >= IDLE_MS) {
        await store.endSignIn(token);
        return null;
      }
      if (isUse && idleMs >= TOUCH_MS) await store.touchSignIn(token);
      return principalOf(found);
    },

    async end(token) {
      if (isToken(token)) await store.endSignIn(token);
    },
  };
}

function isToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

function principalOf({ id, person, grants }: LiveSignIn): Principal {
  return {
    userId: person.id,
    practiceId: person.practiceId,
    name: person.name,
    email: person.email,
    timeZone: person.timeZone,
    signInId: id,
    grants,
  };
}
