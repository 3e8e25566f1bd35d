import type { CredentialConfig, CredentialState, SecretRef, SiteConfig } from "@rollcall/agent-protocol";
import {
  type Login,
  type LoginOutcome,
  type LoginPort,
  type LoginResult,
  realmOf,
} from "@rollcall/collectors/login-port";
import type { Logger } from "@rollcall/observability";
import type { Clock } from "../supervisor/clock.ts";
import type { EffectiveSite } from "./effective-site.ts";
import { openSecret, type SecretContext } from "./secret-opener.ts";

/** Refusals in a row after which nobody tries a login any more. A third would begin to lock accounts. */
const REFUSALS_MAX = 2;
/** A password file is looked at again so often while somebody waits for another password. */
const LOOK_MS = 15_000;
const CHARACTERS_MAX = 500;
const USERS_MAX = 200;

export interface CredentialDeskOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly secrets: () => Pick<SecretContext, "identity">;
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
 * Holds    of each credential how often it was let in and refused, and whether it is paused.
 * Promises a wrong password is shown to servers at most twice over all sources together, however many try at once:
 *          attempts in flight count as refusals until they have ended. Then it is paused until its name or password is
 *          another one, or a person resumes it (that gives it one attempt). An account is never locked by this agent.
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
  resume(credentialId: string): boolean | null;
  /** Every credential of the configuration, in its order. */
  states(): CredentialState[];
}

export function createCredentialDesk(options: CredentialDeskOptions): CredentialDesk {
  const accounts = new Map<string, Account>();
  let site: SiteConfig | null = null;

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
    resume(credentialId) {
      return accounts.get(keyOf(credentialId))?.resume() ?? null;
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
  | { readonly kind: "login"; readonly login: Login; readonly pair: Pair }
  | { readonly kind: "withheld"; readonly sentence: string };

/** One login, whoever uses it. */
class Account implements LoginPort {
  readonly #options: CredentialDeskOptions;
  #wanted: Wanted | null = null;
  #baseFolder: string | null = null;
  #users: readonly string[] = [];
  /** What was tried last: another pair begins anew. */
  #pair: Pair | null = null;
  #refusals = 0;
  #refusal = "";
  #inFlight = 0;
  /** Why the password cannot be opened; null where it can, or nobody asked yet. */
  #closed: string | null = null;
  #successes = 0;
  #failures = 0;
  #lastSuccessAt: number | null = null;
  #lastFailureAt: number | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(options: CredentialDeskOptions) {
    this.#options = options;
  }

  configure(wanted: Wanted, baseFolder: string | null, users: readonly string[]): void {
    this.#wanted = wanted;
    this.#baseFolder = baseFolder;
    this.#users = users;
    this.#wake();
  }

  async withheld(): Promise<string | null> {
    const turn = await this.#look();
    return turn.kind === "withheld" ? turn.sentence : null;
  }

  async attempt<T>(
    logIn: (login: Login) => Promise<LoginResult<T>>,
    signal: AbortSignal,
  ): Promise<LoginOutcome<T>> {
    const turn = await this.#takeTurn(signal);
    if (turn.kind === "withheld") return turn;
    try {
      const result = await logIn(turn.login);
      if (result.kind === "accepted") this.#accept(turn.pair, result.isFresh !== false);
      else this.#refuse(turn.pair, result.reason);
      return result;
    } finally {
      this.#inFlight -= 1;
      this.#wake();
    }
  }

  async untilUsable(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.withheld()) !== null) await this.#nextChange(signal, LOOK_MS);
  }

  resume(): boolean {
    if (this.#refusals < REFUSALS_MAX) return false;
    // One attempt, not two: whoever resumes may be mistaken as well.
    this.#refusals = REFUSALS_MAX - 1;
    this.#wake();
    return true;
  }

  report(): Omit<CredentialState, "credentialId" | "name" | "usedBy"> {
    const isPaused = this.#refusals >= REFUSALS_MAX || this.#closed !== null;
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

  /** Waits while as many attempts are under way as refusals are left: each of them may be one. */
  async #takeTurn(signal: AbortSignal): Promise<Turn> {
    for (;;) {
      signal.throwIfAborted();
      const turn = await this.#look();
      if (turn.kind === "withheld") return turn;
      if (this.#refusals + this.#inFlight < REFUSALS_MAX) {
        this.#inFlight += 1;
        return turn;
      }
      await this.#nextChange(signal, null);
    }
  }

  /** Opens the password as it is now; another than the refused one ends the pause. */
  async #look(): Promise<Turn> {
    const wanted = this.#wanted;
    if (wanted === null) return { kind: "withheld", sentence: "The credential it names is not configured." };
    const opened = await openSecret(wanted.password, {
      ...this.#options.secrets(),
      baseFolder: this.#baseFolder,
    });
    this.#closed = opened.kind === "refused" ? opened.sentence : null;
    if (opened.kind === "refused") return { kind: "withheld", sentence: opened.sentence };
    const pair = { user: wanted.user, password: opened.secret.reveal() };
    if (this.#pair?.user !== pair.user || this.#pair.password !== pair.password) {
      this.#pair = pair;
      this.#refusals = 0;
    }
    if (this.#refusals >= REFUSALS_MAX) return { kind: "withheld", sentence: this.#sentence() };
    const { kdcs, allowNtlm } = wanted;
    const realm = wanted.realm?.toUpperCase() ?? realmOf(wanted.user);
    return { kind: "login", login: { ...pair, realm, kdcs, allowNtlm }, pair };
  }

  /** Only a password that was proved now ends the count of its refusals: tickets outlive a password that was changed. */
  #accept(pair: Pair, isFresh: boolean): void {
    this.#successes += 1;
    this.#lastSuccessAt = this.#options.clock.now();
    const isPresent = pair.user === this.#pair?.user && pair.password === this.#pair.password;
    if (isFresh && isPresent) this.#refusals = 0;
  }

  #refuse(pair: Pair, reason: string): void {
    this.#failures += 1;
    this.#lastFailureAt = this.#options.clock.now();
    // Refused with a name or password that is no longer in use: nothing is said of the present one.
    if (pair.user !== this.#pair?.user || pair.password !== this.#pair.password) return;
    this.#refusal = reason;
    this.#refusals += 1;
    if (this.#refusals === REFUSALS_MAX)
      this.#options.log.error(
        { credential: this.#wanted?.name, reason, usedBy: this.#users.join(", ") },
        "login is paused: refused twice in a row",
      );
  }

  #sentence(): string {
    if (this.#closed !== null) return this.#closed;
    if (this.#refusals >= REFUSALS_MAX) {
      const users = this.#users.length === 0 ? "" : ` Used by ${this.#users.join(", ")}.`;
      return `Refused twice in a row and paused, so that the account is not locked: ${this.#refusal}. Set the right password; it is then tried by itself.${users}`;
    }
    if (this.#refusals > 0) return `Refused once: ${this.#refusal}. It is tried once more.`;
    return this.#successes > 0 ? "Servers let it in." : "Not used yet.";
  }

  #wake(): void {
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  /** Until something of this login changes, or the time has passed; null: however long it takes. */
  async #nextChange(signal: AbortSignal, ms: number | null): Promise<void> {
    const end = new AbortController();
    const either = AbortSignal.any([signal, end.signal]);
    const changed = new Promise<void>((resolve) => this.#waiting.add(resolve));
    const aborted = new Promise<void>((resolve) =>
      either.addEventListener("abort", () => resolve(), { once: true }),
    );
    const late = ms === null ? [] : [this.#options.clock.sleep(ms, either).catch(() => undefined)];
    if (!signal.aborted) await Promise.race([changed, aborted, ...late]);
    end.abort();
  }
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
