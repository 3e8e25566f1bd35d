interface Kept {
  readonly revision: number;
  readonly text: string;
}

/** Texts that are kept at most, of all profiles and filters: some minutes of a busy morning. */
const TEXTS_MAX = 24_000;

/**
 * The texts of the newest changes. Firewalls poll at different moments, so while much changes no two of them ask for the same
 * page; but all of them are told the same entries, which are written once.
 *
 * Keyed by address within a group (one source, incarnation, profile and filter), and right only for the same revision.
 * Bound: `TEXTS_MAX`; where there is no room all are let go: the next poll writes them again, and no order has to be kept.
 */
export class RecentTexts {
  readonly #groups = new Map<string, Map<string, Kept>>();
  #size = 0;

  find(group: string, ip: string, revision: number): string | null {
    const kept = this.#groups.get(group)?.get(ip);
    return kept?.revision === revision ? kept.text : null;
  }

  keep(group: string, ip: string, kept: Kept): void {
    if (this.#size >= TEXTS_MAX) this.forget();
    let texts = this.#groups.get(group);
    if (texts === undefined) {
      texts = new Map();
      this.#groups.set(group, texts);
    }
    if (!texts.has(ip)) this.#size += 1;
    texts.set(ip, kept);
  }

  forget(): void {
    this.#groups.clear();
    this.#size = 0;
  }
}
