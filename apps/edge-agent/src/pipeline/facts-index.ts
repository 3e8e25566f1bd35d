import {
  PrincipalDirectory,
  type PrincipalFacts,
  type PrincipalName,
  tokensOf,
  tokensOfFacts,
} from "@rollcall/identity-core";

/**
 * What the site's directories say of everybody, by every spelling.
 *
 * Holds all principals, packed; the table is given only those somebody's session names. So a logon finds its groups
 * at once, and a directory of a hundred thousand people costs the table nothing. Only the pipeline changes it.
 */
export class FactsIndex {
  readonly #directory = new PrincipalDirectory();

  get size(): number {
    return this.#directory.size;
  }

  of(key: string): PrincipalFacts | null {
    return this.#directory.factsOf(key);
  }

  put(facts: PrincipalFacts): void {
    this.#directory.put(facts);
  }

  /**
   * Everybody a name could mean. More than one where a spelling is shared: all of them are given, so that the table
   * sees the doubt and answers for neither.
   */
  meantBy(name: PrincipalName): PrincipalFacts[] {
    return this.#directory.claiming(tokensOf(name));
  }

  /** Everybody who shares a spelling with `facts`, and itself. */
  sharing(facts: PrincipalFacts): PrincipalFacts[] {
    return this.#directory.claiming(tokensOfFacts(facts));
  }

  /** Takes away what a directory that is no longer read had said. */
  dropDirectory(directoryId: string): void {
    for (const facts of this.#directory.all())
      if (facts.directoryId === directoryId) this.#directory.remove(facts.key);
  }
}
