import { createHash, randomBytes, scrypt } from "node:crypto";
import type { LoginRecord } from "../state/login-record.ts";
import {
  CLEAR,
  type LoginOutcomeNote,
  type LoginStanding,
  type LoginTally,
  resumedTally,
  SHOWN_MAX,
  standingOf,
  tallyAfter,
  tallyAt,
  withAttempts,
} from "../state/login-tally.ts";
import { StoreFault } from "../state/store-fault.ts";

/** One attempt that may be made. `end` is called once, with what came of it. */
export interface LoginTurn {
  end(note: LoginOutcomeNote): Promise<void>;
}

export type BegunLogin =
  | { readonly kind: "turn"; readonly turn: LoginTurn }
  /** Others are trying it: what comes of that decides. */
  | { readonly kind: "busy" }
  /** See `standing`. */
  | { readonly kind: "withheld"; readonly standing: LoginStanding }
  /** Not tried, for another reason than what came of it before. */
  | { readonly kind: "not-tried"; readonly sentence: string };

/**
 * The count of how often each name was shown with each password.
 *
 * Shape:  a fingerprint stands for one name and one password, whoever uses them: two credentials of the same account are one login.
 * Promises that an attempt is noted before it is made, and what came of it before the next one is.
 */
export interface LoginLedger {
  /** Slow on purpose: it is kept, and must not help who guesses passwords. */
  fingerprintOf(user: string, password: string): Promise<string>;
  standing(fingerprint: string): LoginStanding;
  begin(fingerprint: string): Promise<BegunLogin>;
  /** Gives one attempt. False where it is neither paused nor held back. */
  resume(fingerprint: string): boolean;
  /** Calls whenever an attempt of anybody has ended. */
  onChange(tell: () => void): void;
}

/** The ledger of an agent that runs: also counts the attempts of a command beside it. */
export interface AgentLedger extends LoginLedger {
  readonly salt: string;
  /** Counts an attempt that is made elsewhere: it is in doubt until `giveBack` says what came of it. False: none may be made. */
  lend(fingerprint: string): boolean;
  giveBack(fingerprint: string, note: LoginOutcomeNote): void;
}

export interface AgentLedgerOptions {
  /** Asked for each time: a store may be replaced. */
  readonly record: () => LoginRecord;
  readonly now: () => number;
  /** Attempts in a row of which nothing good came; two where absent. */
  readonly shownMax?: number;
  /** For tests that try many passwords. */
  readonly fingerprint?: (salt: string, user: string, password: string) => Promise<string>;
}

const ENDED = "the agent ended while it was tried";
const LENT = "a command beside the agent tried it and did not say what came of it";
const SCRYPT = { N: 2 ** 14, r: 8, p: 1 };

export function createLoginLedger(options: AgentLedgerOptions): AgentLedger {
  return new Ledger(options);
}

/** A record that lives as long as the process. */
export function passingRecord(): LoginRecord {
  const rows = new Map<string, LoginTally>();
  return {
    salt: randomBytes(32).toString("hex"),
    find: (fingerprint) => rows.get(fingerprint) ?? CLEAR,
    save: (fingerprint, tally) => void rows.set(fingerprint, tally),
  };
}

/** The name counts in lower case, as Windows takes it. */
export function fingerprintOfLogin(salt: string, user: string, password: string): Promise<string> {
  const of = createHash("sha256")
    .update(JSON.stringify([user.toLowerCase(), password]))
    .digest();
  return new Promise((resolve, reject) =>
    scrypt(of, Buffer.from(salt, "hex"), 32, SCRYPT, (error, key) =>
      error === null ? resolve(key.toString("hex")) : reject(error),
    ),
  );
}

interface Entry {
  /** Without the attempts under way. */
  tally: LoginTally;
  attempts: number;
  /** It was let in here: until then one at a time, so that a process that is killed leaves one in doubt, not two. */
  isProved: boolean;
}

class Ledger implements AgentLedger {
  readonly #options: AgentLedgerOptions;
  readonly #shownMax: number;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners: (() => void)[] = [];

  constructor(options: AgentLedgerOptions) {
    this.#options = options;
    this.#shownMax = options.shownMax ?? SHOWN_MAX;
  }

  get salt(): string {
    return this.#options.record().salt;
  }

  fingerprintOf(user: string, password: string): Promise<string> {
    return (this.#options.fingerprint ?? fingerprintOfLogin)(this.salt, user, password);
  }

  standing(fingerprint: string): LoginStanding {
    return standingOf(this.#entryOf(fingerprint).tally);
  }

  async begin(fingerprint: string): Promise<BegunLogin> {
    const entry = this.#entryOf(fingerprint);
    const shown = this.#shownOf(entry);
    if (shown >= this.#shownMax) return this.#withheld(entry);
    const most = entry.isProved ? this.#shownMax - shown : 1;
    if (entry.attempts >= most) return { kind: "busy" };
    entry.attempts += 1;
    try {
      this.#save(fingerprint, entry);
    } catch (error) {
      entry.attempts -= 1;
      if (!(error instanceof StoreFault)) throw error;
      return {
        kind: "not-tried",
        sentence: `It is not tried, because the agent's store cannot note it (${error.message}). It is tried by itself once it can.`,
      };
    }
    return { kind: "turn", turn: { end: async (note) => this.#end(fingerprint, entry, note) } };
  }

  resume(fingerprint: string): boolean {
    const entry = this.#entryOf(fingerprint);
    if (this.#shownOf(entry) < this.#shownMax) return false;
    entry.tally = resumedTally(entry.tally);
    this.#save(fingerprint, entry);
    this.#tell();
    return true;
  }

  onChange(tell: () => void): void {
    this.#listeners.push(tell);
  }

  lend(fingerprint: string): boolean {
    const entry = this.#entryOf(fingerprint);
    if (this.#shownOf(entry) + entry.attempts >= this.#shownMax) return false;
    const before = entry.tally;
    entry.tally = withAttempts(before, 1, this.#options.now(), LENT);
    try {
      this.#save(fingerprint, entry);
    } catch (error) {
      entry.tally = before;
      throw error;
    }
    return true;
  }

  giveBack(fingerprint: string, note: LoginOutcomeNote): void {
    const entry = this.#entryOf(fingerprint);
    const { tally } = entry;
    entry.tally = tallyAfter({ ...tally, doubts: Math.max(0, tally.doubts - 1) }, note, this.#options.now());
    this.#save(fingerprint, entry);
    this.#tell();
  }

  #end(fingerprint: string, entry: Entry, note: LoginOutcomeNote): void {
    entry.attempts -= 1;
    entry.tally = tallyAfter(entry.tally, note, this.#options.now());
    if (note.kind !== "not-shown" && note.kind !== "known") entry.isProved = note.kind === "accepted";
    try {
      this.#save(fingerprint, entry);
    } catch (error) {
      // On the disk it still counts as an attempt in doubt, which is no less than what it was.
      if (!(error instanceof StoreFault)) throw error;
    } finally {
      this.#tell();
    }
  }

  #entryOf(fingerprint: string): Entry {
    const { record, now } = this.#options;
    const known = this.#entries.get(fingerprint);
    const tally = tallyAt(known?.tally ?? record().find(fingerprint, now()), now());
    if (known !== undefined) {
      known.tally = tally;
      return known;
    }
    const entry = { tally, attempts: 0, isProved: false };
    this.#entries.set(fingerprint, entry);
    return entry;
  }

  #shownOf({ tally }: Entry): number {
    return tally.refusals + tally.doubts;
  }

  #withheld({ tally }: Entry): BegunLogin {
    const standing = standingOf(tally);
    if (standing.kind !== "free") return { kind: "withheld", standing };
    const came =
      tally.refusals > 0 ? `it was refused: ${tally.refusal}` : `nobody answered it: ${tally.doubt}`;
    return {
      kind: "not-tried",
      sentence: `Tried once, and not again now, so that the account is not locked; ${came}.`,
    };
  }

  #save(fingerprint: string, { tally, attempts }: Entry): void {
    const { record, now } = this.#options;
    record().save(fingerprint, withAttempts(tally, attempts, now(), ENDED));
  }

  #tell(): void {
    for (const tell of this.#listeners) tell();
  }
}
