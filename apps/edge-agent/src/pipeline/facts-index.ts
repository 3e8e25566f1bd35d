import {
  type Observation,
  type PrincipalFacts,
  type PrincipalName,
  tokensOf,
  tokensOfFacts,
} from "@rollcall/identity-core";

/**
 * What the site's directories say of everybody, by every spelling.
 *
 * Holds all principals, in memory; the table is given only those somebody's session names. So a logon finds its groups
 * at once, and a directory of a hundred thousand people costs the table nothing. Only the pipeline changes it.
 */
export class FactsIndex {
  readonly #facts = new Map<string, PrincipalFacts>();
  readonly #keysByToken = new Map<string, string | Set<string>>();

  get size(): number {
    return this.#facts.size;
  }

  of(key: string): PrincipalFacts | null {
    return this.#facts.get(key) ?? null;
  }

  put(facts: PrincipalFacts): void {
    const before = this.#facts.get(facts.key);
    if (before !== undefined) for (const token of tokensOfFacts(before)) this.#forget(token, facts.key);
    this.#facts.set(facts.key, facts);
    for (const token of tokensOfFacts(facts)) this.#learn(token, facts.key);
  }

  /**
   * Everybody a name could mean. More than one where a spelling is shared: all of them are given, so that the table
   * sees the doubt and answers for neither.
   */
  meantBy(name: PrincipalName): PrincipalFacts[] {
    return this.#factsOfTokens(tokensOf(name));
  }

  /** Everybody who shares a spelling with `facts`, and itself. */
  sharing(facts: PrincipalFacts): PrincipalFacts[] {
    return this.#factsOfTokens(tokensOfFacts(facts));
  }

  /** Takes away what a directory that is no longer read had said. */
  dropDirectory(directoryId: string): void {
    for (const facts of this.#facts.values()) {
      if (facts.directoryId !== directoryId) continue;
      for (const token of tokensOfFacts(facts)) this.#forget(token, facts.key);
      this.#facts.delete(facts.key);
    }
  }

  #factsOfTokens(tokens: readonly string[]): PrincipalFacts[] {
    const keys = new Set(tokens.flatMap((token) => this.#keysOf(token)));
    return [...keys].flatMap((key) => this.#facts.get(key) ?? []);
  }

  #keysOf(token: string): string[] {
    const known = this.#keysByToken.get(token);
    return known === undefined ? [] : typeof known === "string" ? [known] : [...known];
  }

  #learn(token: string, key: string): void {
    const known = this.#keysByToken.get(token);
    if (known === undefined) this.#keysByToken.set(token, key);
    else if (typeof known !== "string") known.add(key);
    else if (known !== key) this.#keysByToken.set(token, new Set([known, key]));
  }

  #forget(token: string, key: string): void {
    const known = this.#keysByToken.get(token);
    if (known === key) this.#keysByToken.delete(token);
    else if (known instanceof Set) {
      known.delete(key);
      const [only] = known;
      if (known.size === 1 && only !== undefined) this.#keysByToken.set(token, only);
    }
  }
}

/** The spellings that sessions use: says whose facts matter. */
export class NamesInUse {
  readonly #tokens = new Set<string>();

  note(name: PrincipalName | null): void {
    if (name !== null) for (const token of tokensOf(name)) this.#tokens.add(token);
  }

  noteAll(observations: readonly Observation[]): void {
    for (const observation of observations) this.note(observation.principal);
  }

  noteTokens(tokens: readonly string[]): void {
    for (const token of tokens) this.#tokens.add(token);
  }

  mention(facts: PrincipalFacts): boolean {
    return tokensOfFacts(facts).some((token) => this.#tokens.has(token));
  }
}
