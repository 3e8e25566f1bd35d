import type { PrincipalFacts, PrincipalName } from "./observation.ts";

/** What the law asks of a directory when it evaluates an address. */
export interface PrincipalLookup {
  /** The principal's key: of its facts where they are known, else made of the name itself. */
  resolve(name: PrincipalName): string;
  factsOf(key: string): PrincipalFacts | null;
}

/**
 * Every spelling under which a name may be known, strongest first, in lower case.
 * Shape: SID, `domain\name`, UPN (also `name@domain`), and the bare name last.
 */
export function tokensOf(name: PrincipalName): string[] {
  const tokens: string[] = [];
  if (name.sid) tokens.push(name.sid.toLowerCase());
  const bare = name.name?.toLowerCase();
  const domain = name.domain?.toLowerCase();
  if (bare && domain) tokens.push(`${domain}\\${bare}`);
  if (name.upn) tokens.push(name.upn.toLowerCase());
  if (bare && domain) tokens.push(`${bare}@${domain}`);
  // A bare name stands for somebody only where no domain was given: two domains may have the same name.
  if (bare && !domain && !name.upn) tokens.push(bare);
  return tokens;
}

export function tokensOfFacts(facts: PrincipalFacts): string[] {
  const tokens = new Set([facts.key.toLowerCase(), ...facts.aliases]);
  // Directories write a computer as NAME$, sources mostly as NAME.
  if (facts.kind === "device")
    for (const alias of facts.aliases) if (alias.endsWith("$")) tokens.add(alias.slice(0, -1));
  return [...tokens];
}

/** The key of a name that no directory knows. */
export function keyOfUnknown(name: PrincipalName): string {
  if (name.sid) return name.sid.toLowerCase();
  if (name.name) return `${(name.domain ?? "").toLowerCase()}\\${name.name.toLowerCase()}`;
  return (name.upn ?? "").toLowerCase();
}

/**
 * Facts of principals by key and by every alias. Of two reports of one principal the one with the greater `asOf`
 * stays (ties: greater directory id), so that the order of arrival decides nothing. An alias that two principals
 * claim stands for neither of them.
 */
export class PrincipalDirectory implements PrincipalLookup {
  readonly #facts = new Map<string, PrincipalFacts>();
  readonly #keysByAlias = new Map<string, string | Set<string>>();

  /** True when what is known of the principal changed. */
  upsert(facts: PrincipalFacts): boolean {
    const before = this.#facts.get(facts.key);
    if (before && !isNewer(facts, before)) return false;
    if (before) for (const alias of tokensOfFacts(before)) this.#forget(alias, facts.key);
    this.#facts.set(facts.key, facts);
    for (const alias of tokensOfFacts(facts)) this.#learn(alias, facts.key);
    return before === undefined || !sameFacts(before, facts);
  }

  resolve(name: PrincipalName): string {
    for (const token of tokensOf(name)) {
      const key = this.#keysByAlias.get(token);
      if (typeof key === "string") return key;
    }
    return keyOfUnknown(name);
  }

  factsOf(key: string): PrincipalFacts | null {
    return this.#facts.get(key) ?? null;
  }

  /** Forgets a principal; whoever reads its directory may bring it again. */
  remove(key: string): void {
    const facts = this.#facts.get(key);
    if (facts === undefined) return;
    for (const alias of tokensOfFacts(facts)) this.#forget(alias, key);
    this.#facts.delete(key);
  }

  get size(): number {
    return this.#facts.size;
  }

  all(): IterableIterator<PrincipalFacts> {
    return this.#facts.values();
  }

  #learn(alias: string, key: string): void {
    const known = this.#keysByAlias.get(alias);
    if (known === undefined) this.#keysByAlias.set(alias, key);
    else if (typeof known === "string") {
      if (known !== key) this.#keysByAlias.set(alias, new Set([known, key]));
    } else known.add(key);
  }

  #forget(alias: string, key: string): void {
    const known = this.#keysByAlias.get(alias);
    if (known === key) this.#keysByAlias.delete(alias);
    else if (known instanceof Set) {
      known.delete(key);
      const [only] = known;
      if (known.size === 1 && only !== undefined) this.#keysByAlias.set(alias, only);
    }
  }
}

function isNewer(a: PrincipalFacts, b: PrincipalFacts): boolean {
  if (a.asOf !== b.asOf) return a.asOf > b.asOf;
  if (a.directoryId !== b.directoryId) return a.directoryId > b.directoryId;
  // One directory, one instant, two contents: any fixed choice gives every reader the same answer.
  return JSON.stringify(a) > JSON.stringify(b);
}

function sameFacts(a: PrincipalFacts, b: PrincipalFacts): boolean {
  return JSON.stringify({ ...a, asOf: 0 }) === JSON.stringify({ ...b, asOf: 0 });
}
