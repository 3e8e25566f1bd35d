/**
 * Strings that repeat, numbered in the order in which they came. A number once given stays. Bounded, because strangers
 * choose some of them: what finds no place is written out where it stands.
 */
export class Lexicon {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#texts.length;
  }

  /** The number of the text; -1 where there is no place for one more. */
  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length >= this.#max || text.length > TEXT_LENGTH_MAX) return -1;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  /** Throws `RangeError` for a number that was never given. */
  text(number: number): string {
    const text = this.#texts[number];
    if (text === undefined) throw new RangeError(`there is no word ${number}`);
    return text;
  }

  /** Texts from `number` on, in order. */
  from(number: number): readonly string[] {
    return this.#texts.slice(number);
  }
}

const TEXT_LENGTH_MAX = 256;

/** What packed records are written with and cannot be read without. */
export class Vocabulary {
  /** Sources, rules, labels, domains, address spaces. */
  readonly words: Lexicon;
  /** Names of groups: apart from the words, so that neither can take the other's place. */
  readonly groups: Lexicon;

  constructor({ words, groups } = VOCABULARY_MAX) {
    this.words = new Lexicon(words);
    this.groups = new Lexicon(groups);
  }
}

const VOCABULARY_MAX = { words: 65_536, groups: 262_144 };
