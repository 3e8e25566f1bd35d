import { createHmac, randomBytes } from "node:crypto";
import { verifySecret } from "./secret-verifier.ts";

export interface SecretChecksOptions {
  /** Slow checks that run at once: each takes 19 MiB and one of the four threads of the runtime's pool. */
  readonly atOnce?: number;
  /** Slow checks that wait for their turn. One more is turned away. */
  readonly waitingMax?: number;
  /** Secrets remembered as right; the one not used for longest goes first. */
  readonly rememberedMax?: number;
}

/** So many secrets are being checked that one more is turned away unread. It passes within a second or two. */
export class TooManySecretChecksError extends Error {
  readonly code = "too-many-secret-checks";
  constructor() {
    super("check a client secret: too many are being checked");
    this.name = "TooManySecretChecksError";
  }
}

/**
 * `verifySecret` for those who answer strangers.
 *
 * Holds  which slow check was right, under an HMAC with a key that lives and dies with this process: a firewall that
 *        asks for its next token costs 30 ms once, not each time. A wrong secret is remembered nowhere. What is remembered
 *        belongs to the verifier, so it ends with it.
 * Errors: the promise rejects with `TooManySecretChecksError` when strangers have filled the queue. Secrets that we made are checked at
 *        once and never wait.
 */
export function createSecretChecks(options: SecretChecksOptions = {}) {
  const atOnce = options.atOnce ?? 2;
  const waitingMax = options.waitingMax ?? 50;
  const rememberedMax = options.rememberedMax ?? 10_000;
  const key = randomBytes(32);
  const right = new Set<string>();
  const underWay = new Map<string, Promise<boolean>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function inTurn(work: () => boolean | Promise<boolean>): Promise<boolean> {
    if (running < atOnce) running += 1;
    else if (waiting.length >= waitingMax) throw new TooManySecretChecksError();
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The place is handed on: nobody can take it between.
      if (next === undefined) running -= 1;
      else next();
    }
  }

  function remember(name: string): void {
    right.delete(name);
    right.add(name);
    for (const oldest of right) {
      if (right.size <= rememberedMax) break;
      right.delete(oldest);
    }
  }

  return (secret: string, verifier: string): boolean | Promise<boolean> => {
    if (!verifier.startsWith("$")) return verifySecret(secret, verifier);
    const name = createHmac("sha256", key).update(verifier).update("\0").update(secret).digest("base64");
    if (right.has(name)) {
      remember(name);
      return true;
    }
    // Many firewalls may share one secret and come back in the same moment: that is one check.
    const same = underWay.get(name);
    if (same !== undefined) return same;
    const check = inTurn(() => verifySecret(secret, verifier)).then((isRight) => {
      if (isRight) remember(name);
      return isRight;
    });
    underWay.set(name, check);
    const done = () => void underWay.delete(name);
    check.then(done, done);
    return check;
  };
}
