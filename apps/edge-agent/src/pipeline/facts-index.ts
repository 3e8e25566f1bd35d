import {
  PrincipalDirectory,
  type PrincipalFacts,
  type PrincipalName,
  tokensOf,
  tokensOfFacts,
} from "@rollcall/identity-core";

/** Whoever reads directories and can say again what it has handed over. */
export interface DirectoryBook {
  readonly size: number;
  factsOf(key: string): PrincipalFacts | null;
  /** Everybody who claims one of the spellings, which are in lower case. */
  claiming(tokens: readonly string[]): PrincipalFacts[];
}

/**
 * What the site's directories say of everybody, by every spelling.
 *
 * The table is given only those somebody's session names. So a logon finds its groups at once, and a directory of a hundred
 * thousand people costs the table nothing. Who stands in a book is asked of the book and not kept twice: it was 175 bytes a
 * person. Kept here, packed, are those who were handed over and stand in no book: deleted accounts.
 * Only the pipeline changes it.
 */
export class FactsIndex {
  readonly #kept = new PrincipalDirectory();
  readonly #books: () => readonly DirectoryBook[];

  /** `books`: those that are read now, the first of them that knows somebody is right. */
  constructor(books: () => readonly DirectoryBook[] = () => []) {
    this.#books = books;
  }

  /** How many are known. While directories are read anew two books say of the same people: the fuller one is counted. */
  get size(): number {
    return Math.max(0, ...this.#books().map(({ size }) => size)) + this.#kept.size;
  }

  of(key: string): PrincipalFacts | null {
    for (const book of this.#books()) {
      const facts = book.factsOf(key);
      if (facts !== null) return facts;
    }
    return this.#kept.factsOf(key);
  }

  put(facts: PrincipalFacts): void {
    if (this.#books().some((book) => book.factsOf(facts.key) !== null)) this.#kept.remove(facts.key);
    else this.#kept.put(facts);
  }

  /**
   * Everybody a name could mean. More than one where a spelling is shared: all of them are given, so that the table
   * sees the doubt and answers for neither.
   */
  meantBy(name: PrincipalName): PrincipalFacts[] {
    return this.#claiming(tokensOf(name));
  }

  /** Everybody who shares a spelling with `facts`, and itself. */
  sharing(facts: PrincipalFacts): PrincipalFacts[] {
    return this.#claiming(tokensOfFacts(facts));
  }

  /** Takes away what a directory that is no longer read had said. */
  dropDirectory(directoryId: string): void {
    for (const facts of this.#kept.all()) if (facts.directoryId === directoryId) this.#kept.remove(facts.key);
  }

  #claiming(tokens: readonly string[]): PrincipalFacts[] {
    const books = this.#books();
    const claims = books.map((book, at) => {
      const before = books.slice(0, at);
      // What an earlier book knows of somebody is right, also where he is no longer called so.
      return book
        .claiming(tokens)
        .filter(({ key }) => before.every((earlier) => earlier.factsOf(key) === null));
    });
    return [...claims.flat(), ...this.#kept.claiming(tokens)];
  }
}
