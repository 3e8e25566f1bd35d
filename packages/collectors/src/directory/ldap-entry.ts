/** The values of one attribute as the library gives them. */
type RawValue = string | Uint8Array | readonly (string | Uint8Array)[];

/** One entry of an answer; attribute names without regard to case. */
export class LdapEntry {
  readonly dn: string;
  readonly #values = new Map<string, RawValue>();
  readonly #written: readonly string[];

  constructor(raw: { readonly dn: string } & Readonly<Record<string, RawValue>>) {
    this.dn = raw.dn;
    this.#written = Object.keys(raw).filter((name) => name !== "dn");
    for (const [name, value] of Object.entries(raw))
      if (name !== "dn") this.#values.set(name.toLowerCase(), value);
  }

  /** The attributes that have a value, as the server writes them. */
  names(): readonly string[] {
    return [...this.#written].filter((name) => this.#list(name).length > 0);
  }

  /** The first value as text; null where there is none. */
  text(name: string): string | null {
    return this.texts(name)[0] ?? null;
  }

  texts(name: string): readonly string[] {
    return this.#list(name).filter((value) => typeof value === "string");
  }

  bytes(name: string): Uint8Array | null {
    const [first] = this.#list(name);
    return first instanceof Uint8Array ? first : null;
  }

  /** The first value as a number; null where it is none. */
  integer(name: string): number | null {
    const text = this.text(name);
    return text !== null && /^-?\d{1,15}$/.test(text) ? Number(text) : null;
  }

  /**
   * The values of an attribute that may come in pieces.
   * Shape: `next` is where the next piece begins; null when these are the last.
   * Source: MS-ADTS 3.1.1.3.1.3.3, range retrieval (documented): `member;range=0-1499`, the last one `…-*`.
   */
  ranged(name: string): { readonly values: readonly string[]; readonly next: number | null } {
    const plain = this.texts(name);
    const prefix = `${name.toLowerCase()};range=`;
    for (const key of this.#values.keys()) {
      if (!key.startsWith(prefix)) continue;
      const [, last = "*"] = key.slice(prefix.length).split("-");
      return { values: this.texts(key), next: last === "*" ? null : Number(last) + 1 };
    }
    return { values: plain, next: null };
  }

  #list(name: string): readonly (string | Uint8Array)[] {
    const value = this.#values.get(name.toLowerCase());
    if (value === undefined) return [];
    return typeof value === "string" || value instanceof Uint8Array ? [value] : value;
  }
}
