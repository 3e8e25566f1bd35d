import { createHash } from "node:crypto";
import type { SignInStore } from "@rollcall/db";
import { networkOf } from "./network.ts";

/** Tries that are free before the first wait. */
const FREE_PER_ACCOUNT = 3;
const FREE_PER_NETWORK = 20;
const WAIT_MS_MAX = 300_000;
/** After a day without a failure the count begins anew. */
const FORGET_MS = 86_400_000;

export interface Attempt {
  readonly email: string;
  readonly sourceIp: string | null;
}

export interface SignInThrottle {
  /** How long this account must wait at this network, ms; 0: not at all. */
  waitMs(attempt: Attempt): Promise<number>;
  noteFailure(attempt: Attempt): Promise<void>;
  noteSuccess(attempt: Attempt): Promise<void>;
}

/**
 * Progressive delay, doubling from one second to five minutes.
 *
 * Counted per account *and* network, so that a stranger elsewhere cannot shut anybody out, and per network over all
 * accounts, so that one network cannot try one password on everybody. An account that does not exist is counted alike.
 * Keys are digests: the table holds no list of e-mail addresses that were tried.
 */
export function createSignInThrottle(store: SignInStore, now: () => number): SignInThrottle {
  const waitOf = async (key: string, free: number): Promise<number> => {
    const found = await store.failuresOf(key);
    if (found === null || now() - found.lastAt.getTime() >= FORGET_MS || found.failures < free) return 0;
    const delay = Math.min(WAIT_MS_MAX, 1000 * 2 ** Math.min(20, found.failures - free));
    return Math.max(0, found.lastAt.getTime() + delay - now());
  };
  return {
    async waitMs(attempt) {
      const [account, network] = await Promise.all([
        waitOf(accountKey(attempt), FREE_PER_ACCOUNT),
        waitOf(networkKey(attempt), FREE_PER_NETWORK),
      ]);
      return Math.max(account, network);
    },
    async noteFailure(attempt) {
      for (const key of [accountKey(attempt), networkKey(attempt)]) {
        const found = await store.failuresOf(key);
        if (found !== null && now() - found.lastAt.getTime() >= FORGET_MS) await store.clearFailures(key);
        await store.noteFailure(key);
      }
    },
    // A success proves the person, not the network: others behind it keep their count.
    noteSuccess: (attempt) => store.clearFailures(accountKey(attempt)),
  };
}

function accountKey({ email, sourceIp }: Attempt): string {
  return digest(`account ${email.trim().toLowerCase()} ${networkOf(sourceIp)}`);
}

function networkKey({ sourceIp }: Attempt): string {
  return digest(`network ${networkOf(sourceIp)}`);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
