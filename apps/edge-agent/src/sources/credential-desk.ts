import type { CredentialConfig, CredentialState, SecretRef, SiteConfig } from "@rollcall/agent-protocol";
import {
  type Login,
  type LoginOutcome,
  type LoginPort,
  type LoginResult,
  LoginUnanswered,
  realmOf,
} from "@rollcall/collectors/login-port";
import type { Logger } from "@rollcall/observability";
import type { LoginOutcomeNote, LoginStanding } from "../state/login-tally.ts";
import type { Clock } from "../supervisor/clock.ts";
import type { EffectiveSite } from "./effective-site.ts";
import type { LoginLedger, LoginTurn } from "./login-ledger.ts";
import { openSecret, type SecretContext } from "./secret-opener.ts";

/** A password file is looked at again so often while somebody waits for another password. */
const LOOK_MS = 15_000;
/** Of one attempt; each has time limits of its own that are shorter. */
const ATTEMPT_MS_MAX = 60_000;
/** What is waited for of attempts under way when the agent stops: a log-on that is cut off is one in doubt. */
const SETTLE_MS = 3000;
const CHARACTERS_MAX = 500;
const USERS_MAX = 200;

export interface CredentialDeskOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly secrets: () => Pick<SecretContext, "identity">;
  /** How often each login was shown: kept over a restart. */
  readonly ledger: LoginLedger;
}

/** A login that stands in one directory's own configuration. */
export interface OwnLogin {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly password: SecretRef;
}

/**
 * The one place that opens passwords of Windows logins and hands them to sources.
 *
 * Holds    of each credential how often it was let in and refused; how often in a row is the ledger's.
 * Promises a wrong password is shown to servers at most twice over all sources together, however many try at once and however
 *          often the agent is started: attempts in flight count as refusals until they have ended. Then it is paused until
 *          its name or password is another one, or a person resumes it (that gives it one attempt). An account is never
 *          locked by this agent.
 * Does not know what a source does with a login.
 */
export interface CredentialDesk {
  /** Takes the credentials of a configuration, before its sources begin. */
  configure(effective: EffectiveSite): void;
  /** The way to a credential; one that there is none of that id says so at each attempt. */
  port(credentialId: string): LoginPort;
  /** The way to a directory's own login: paused like a credential, and shown with its directory only. */
  ownPort(login: OwnLogin, baseFolder: string | null): LoginPort;
  /** Ends a pause. False where it is not paused, null where there is no such credential. */
  resume(credentialId: string): Promise<boolean | null>;
  /** Every credential of the configuration, in its order. */
  states(): CredentialState[];
  /** Begins no attempt any more and waits a moment for those under way. */
  close(): Promise<void>;
  open(): void;
}

export function createCredentialDesk(given: CredentialDeskOptions): CredentialDesk {
  let isClosing = false;
  let ending = new AbortController();
  const running = new Set<Promise<unknown>>();
  const options: AccountOptions = {
    ...given,
    isClosing: () => isClosing,
    running,
    ending: () => ending.signal,
  };
  const accounts = new Map<string, Account>();
  let site: SiteConfig | null = null;

  options.ledger.onChange(() => {
    for (const account of accounts.values()) account.wake();
  });

  const accountOf = (key: string): Account => {
    const found = accounts.get(key) ?? new Account(options);
    accounts.set(key, found);
    return found;
  };

  return {
    configure(effective) {
      site = effective.site;
      const wanted = new Set(site.credentials.map(({ id }) => keyOf(id)));
      for (const { id } of site.directories) wanted.add(ownKeyOf(id));
      for (const key of accounts.keys()) if (!wanted.has(key)) accounts.delete(key);
      for (const credential of site.credentials) {
        const isLocal = effective.localCredentialIds.has(credential.id);
        accountOf(keyOf(credential.id)).configure(
          credential,
          isLocal ? effective.baseFolder : null,
          usersOf(credential.id, site).map(({ name }) => name),
        );
      }
    },
    port(credentialId) {
      const key = keyOf(credentialId);
      const account = (): Account => accounts.get(key) ?? new Account(options);
      return {
        withheld: () => account().withheld(),
        attempt: (logIn, signal) => account().attempt(logIn, signal),
        untilUsable: (signal) => account().untilUsable(signal),
      };
    },
    ownPort(login, baseFolder) {
      const account = accountOf(ownKeyOf(login.id));
      account.configure({ ...login, kdcs: [], allowNtlm: false }, baseFolder, [login.name]);
      return account;
    },
    async resume(credentialId) {
      return (await accounts.get(keyOf(credentialId))?.resume()) ?? null;
    },
    states() {
      const { credentials = [] } = site ?? {};
      return credentials.map((credential) => ({
        credentialId: credential.id,
        name: credential.name,
        ...accountOf(keyOf(credential.id)).report(),
        usedBy: site === null ? [] : usersOf(credential.id, site).slice(0, USERS_MAX),
      }));
    },
    async close() {
      isClosing = true;
      const waiting = new AbortController();
      const late = options.clock.sleep(SETTLE_MS, waiting.signal).catch(() => undefined);
      await Promise.race([Promise.allSettled(running), late]);
      waiting.abort();
      ending.abort(new Error("the agent ends"));
    },
    open() {
      isClosing = false;
      ending = new AbortController();
      for (const account of accounts.values()) account.wake();
    },
  };
}

type Wanted = Pick<CredentialConfig, "name" | "user" | "password" | "kdcs" | "allowNtlm"> &
  Partial<Pick<CredentialConfig, "realm">>;

/** Name and password together: what a server refuses. */
interface Pair {
  readonly user: string;
  readonly password: string;
}

type Turn =
  | {
      readonly kind: "login";
      readonly login: Login;
      readonly turn: LoginTurn;
      /** Which pair of name and password. */
      readonly of: string;
    }
  | { readonly kind: "withheld"; readonly sentence: string };

type Look =
  | { readonly kind: "login"; readonly login: Login; readonly of: string }
  | { readonly kind: "withheld"; readonly sentence: string };

interface AccountOptions extends CredentialDeskOptions {
  readonly isClosing: () => boolean;
  readonly running: Set<Promise<unknown>>;
  /** Ends attempts that last too long when the desk is closed. */
  readonly ending: () => AbortSignal;
}

/** One login, whoever uses it. */
class Account implements LoginPort {
  readonly #options: AccountOptions;
  #wanted: Wanted | null = null;
  #baseFolder: string | null = null;
  #users: readonly string[] = [];
  /** What was looked at last: another pair is another login. */
  #pair: (Pair & { readonly of: string }) | null = null;
  /** Looks follow each other: one that began before the password was changed must not bring the old one back. */
  #looking: Promise<unknown> = Promise.resolve();
  /** Why the password cannot be opened; null where it can, or nobody asked yet. */
  #closed: string | null = null;
  /** Which pair was said to be withheld. */
  #said: string | null = null;
  #successes = 0;
  #failures = 0;
  #lastSuccessAt: number | null = null;
  #lastFailureAt: number | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  configure(wanted: Wanted, baseFolder: string | null, users: readonly string[]): void {
    this.#wanted = wanted;
    this.#baseFolder = baseFolder;
    this.#users = users;
    this.wake();
  }

  async withheld(): Promise<string | null> {
    const look = await this.#look();
    return look.kind === "withheld" ? look.sentence : null;
  }

  async attempt<T>(
    logIn: (login: Login, signal: AbortSignal) => Promise<LoginResult<T>>,
    signal: AbortSignal,
  ): Promise<LoginOutcome<T>> {
    const turn = await this.#takeTurn(signal);
    if (turn.kind === "withheld") return turn;
    const { running } = this.#options;
    const work = this.#run(logIn, turn, signal).finally(() => running.delete(work));
    running.add(work);
    return unlessAborted(work, signal);
  }

  async untilUsable(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.withheld()) !== null) await this.#nextChange(signal, LOOK_MS);
  }

  async resume(): Promise<boolean> {
    await this.#look();
    return this.#pair !== null && this.#options.ledger.resume(this.#pair.of);
  }

  report(): Omit<CredentialState, "credentialId" | "name" | "usedBy"> {
    const isPaused = this.#standing().kind !== "free" || this.#closed !== null;
    const state = isPaused ? "paused" : this.#successes > 0 ? "ok" : "never";
    return {
      state,
      sentence: this.#sentence().slice(0, CHARACTERS_MAX),
      successes: this.#successes,
      failures: this.#failures,
      lastSuccessAt: this.#lastSuccessAt,
      lastFailureAt: this.#lastFailureAt,
    };
  }

  wake(): void {
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  /** Makes the attempt to its end, whoever still waits for it: what came of the password must be noted. */
  async #run<T>(
    logIn: (login: Login, signal: AbortSignal) => Promise<LoginResult<T>>,
    { login, turn, of }: Extract<Turn, { kind: "login" }>,
    asked: AbortSignal,
  ): Promise<LoginResult<T>> {
    let note: LoginOutcomeNote = { kind: "not-shown" };
    try {
      const ending = AbortSignal.any([this.#options.ending(), AbortSignal.timeout(ATTEMPT_MS_MAX)]);
      const result = await logIn(login, ending);
      note =
        result.kind === "refused"
          ? { kind: "refused", reason: result.reason }
          : { kind: result.isFresh === false ? "known" : "accepted" };
      if (asked.aborted && result.kind === "accepted") closeQuietly(result.value);
      return result;
    } catch (error) {
      if (!(error instanceof LoginUnanswered)) throw error;
      note = { kind: "unanswered", reason: error.message };
      throw error.because;
    } finally {
      this.#count(note);
      await turn.end(note);
      this.#say(of);
    }
  }

  /** Waits while as many attempts are under way as refusals are left: each of them may be one. */
  async #takeTurn(signal: AbortSignal): Promise<Turn> {
    for (;;) {
      signal.throwIfAborted();
      const look = await this.#look();
      if (look.kind === "withheld") return look;
      // Registered before it is asked: what ends in between must not be missed.
      const end = new AbortController();
      const changed = this.#nextChange(AbortSignal.any([signal, end.signal]), null);
      try {
        if (!this.#options.isClosing()) {
          const begun = await this.#options.ledger.begin(look.of);
          if (begun.kind === "turn") return { ...look, turn: begun.turn };
          if (begun.kind === "not-tried") return { kind: "withheld", sentence: begun.sentence };
          if (begun.kind === "withheld")
            return { kind: "withheld", sentence: this.#sentenceOf(begun.standing) };
        }
        await changed;
      } finally {
        end.abort();
      }
    }
  }

  #look(): Promise<Look> {
    const next = this.#looking.then(() => this.#lookOnce());
    this.#looking = next.catch(() => undefined);
    return next;
  }

  /** Opens the password as it is now; another than the refused one is another login. */
  async #lookOnce(): Promise<Look> {
    const wanted = this.#wanted;
    if (wanted === null) return { kind: "withheld", sentence: "The credential it names is not configured." };
    const { ledger, secrets } = this.#options;
    const opened = await openSecret(wanted.password, { ...secrets(), baseFolder: this.#baseFolder });
    this.#closed = opened.kind === "refused" ? opened.sentence : null;
    if (opened.kind === "refused") return { kind: "withheld", sentence: opened.sentence };
    const pair = { user: wanted.user, password: opened.secret.reveal() };
    if (this.#pair?.user !== pair.user || this.#pair.password !== pair.password)
      this.#pair = { ...pair, of: await ledger.fingerprintOf(pair.user, pair.password) };
    const { of } = this.#pair;
    const standing = ledger.standing(of);
    this.#say(of);
    if (standing.kind !== "free") return { kind: "withheld", sentence: this.#sentenceOf(standing) };
    const { kdcs, allowNtlm } = wanted;
    const realm = wanted.realm?.toUpperCase() ?? realmOf(wanted.user);
    return { kind: "login", login: { ...pair, realm, kdcs, allowNtlm }, of };
  }

  #count({ kind }: LoginOutcomeNote): void {
    if (kind === "accepted" || kind === "known") {
      this.#successes += 1;
      this.#lastSuccessAt = this.#options.clock.now();
    } else if (kind === "refused" || kind === "unanswered") {
      this.#failures += 1;
      this.#lastFailureAt = this.#options.clock.now();
    }
  }

  /** Once, when the present pair may not be tried any more; a restart says it again. */
  #say(of: string): void {
    if (of !== this.#pair?.of) return;
    const standing = this.#standing();
    const key = standing.kind === "free" ? null : `${standing.kind} ${of}`;
    if (key === this.#said) return;
    this.#said = key;
    const whose = { credential: this.#wanted?.name, usedBy: this.#users.join(", ") };
    if (standing.kind === "paused")
      this.#options.log.error(
        { ...whose, reason: standing.refusal },
        "login is paused: refused twice in a row",
      );
    if (standing.kind === "held")
      this.#options.log.error(
        { ...whose, reason: standing.doubt },
        "login is held back: it may have been refused",
      );
  }

  #standing(): LoginStanding {
    return this.#pair === null
      ? { kind: "free", refusal: null }
      : this.#options.ledger.standing(this.#pair.of);
  }

  #sentence(): string {
    return this.#closed ?? this.#sentenceOf(this.#standing());
  }

  #sentenceOf(standing: LoginStanding): string {
    const users = this.#users.length === 0 ? "" : ` Used by ${this.#users.join(", ")}.`;
    if (standing.kind === "paused")
      return `Refused twice in a row and paused, so that the account is not locked: ${standing.refusal}. Set the right password; it is then tried by itself.${users}`;
    if (standing.kind === "held")
      return `Held back, so that the account is not locked: it may have been refused twice (${standing.doubt}). It is tried once at ${new Date(standing.until).toISOString().slice(11, 16)} UTC, or at once when it is resumed.${users}`;
    if (standing.refusal !== null) return `Refused once: ${standing.refusal}. It is tried once more.`;
    return this.#successes > 0 ? "Servers let it in." : "Not used yet.";
  }

  /** Until something of this login changes, or the time has passed; null: however long it takes. */
  async #nextChange(signal: AbortSignal, ms: number | null): Promise<void> {
    const end = new AbortController();
    const either = AbortSignal.any([signal, end.signal]);
    let go: () => void = () => undefined;
    const changed = new Promise<void>((resolve) => {
      go = resolve;
      this.#waiting.add(go);
    });
    const aborted = new Promise<void>((resolve) =>
      either.addEventListener("abort", () => resolve(), { once: true }),
    );
    const late = ms === null ? [] : [this.#options.clock.sleep(ms, either).catch(() => undefined)];
    if (!signal.aborted) await Promise.race([changed, aborted, ...late]);
    this.#waiting.delete(go);
    end.abort();
  }
}

/** What comes of the work, or the signal's reason where that comes first; the work goes on. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Nobody waits for what was opened any more. */
function closeQuietly(value: unknown): void {
  if (typeof value !== "object" || value === null || !("close" in value) || typeof value.close !== "function")
    return;
  Promise.resolve(value.close()).catch(() => undefined);
}

function keyOf(credentialId: string): string {
  return `credential ${credentialId}`;
}

function ownKeyOf(directoryId: string): string {
  return `directory ${directoryId}`;
}

/** Everybody whom a pause of the credential concerns. */
function usersOf(credentialId: string, site: SiteConfig): CredentialState["usedBy"] {
  const uses = (one: { readonly credentialId?: string | undefined }) => one.credentialId === credentialId;
  const probe = site.pcProbe?.credentialIds.includes(credentialId) === true;
  return [
    ...site.directories.filter(uses).map(({ id, name }) => ({ kind: "directory" as const, id, name })),
    ...site.eventSources.filter(uses).map(({ id, name }) => ({ kind: "event-log" as const, id, name })),
    ...(probe ? [{ kind: "pc-probe" as const, id: "pc-probe", name: "PC probe" }] : []),
  ];
}
