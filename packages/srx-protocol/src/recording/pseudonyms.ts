import { formatIp, type IpNumber, parseIpNumber } from "@rollcall/identity-core/ip-address";
import { KNOWN_NAME_WORDS } from "./known-words.ts";
import { TimeShift, type TimeWindow } from "./time-shift.ts";

export type SecretKind = "client" | "secret" | "token" | "cookie";

export interface PseudonymOptions {
  /** HMAC-SHA-256 or its like over a text, with a key that is made for one recording and written nowhere. 32 bytes. */
  readonly mac: (text: string) => Uint8Array;
  /** When the recording began, epoch ms: what counts as a time lies around it. */
  readonly now: number;
}

/** What is remembered of one recording. Beyond it values are still replaced, but two might get one replacement; the count says how often. */
const REMEMBERED_MAX = 200_000;
const TRIES_MAX = 128;
const STRICT_TRIES = 24;
const OPAQUE_MIN = 8;
const TEXT_REMEMBERED_LENGTH = 64;

const BLOCKS_V4 = [
  { base: 0xc0000200, size: 254 },
  { base: 0xc6336400, size: 254 },
  { base: 0xcb007100, size: 254 },
  { base: 0xc6120000, size: 131_070 },
] as const;
const V4_MAX = BLOCKS_V4.reduce((sum, block) => sum + block.size, 0);
const DOCUMENTATION_V6 = 0x20010db8n;

/** Letters of two bytes in UTF-8 that have a capital of two bytes. */
const TWO_BYTES = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ";

const IN_TEXT =
  /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?![\w:]|\.\d)|[\p{L}\p{M}\p{N}]+/gu;

/**
 * Replaces what names somebody: the same value always by the same replacement within one recording, and never back.
 *
 * Shape:  names keep their length, their case and what is not a letter or digit, word by word, so that `CORP\ana`,
 *         `ana@corp.example` and `ana` still show that they are about one person; no two words get one replacement.
 *         IPv4 addresses come from the documentation ranges (762 of them), then from 198.18/15; IPv6 from 2001:db8::/32.
 *         Secrets become numbered placeholders of the same shape.
 * Errors: none thrown.
 * Source: RFC 5737, RFC 2544 (198.18/15), RFC 3849 (documented); docs/protocol/recording.md.
 */
export class Pseudonyms {
  readonly #options: PseudonymOptions;
  readonly #time: TimeShift;
  readonly #words = new Map<string, string>();
  readonly #given = new Set<string>();
  readonly #addresses = new Map<string, string>();
  readonly #secrets: Readonly<Record<SecretKind, Map<string, string>>> = {
    client: new Map(),
    secret: new Map(),
    token: new Map(),
    cookie: new Map(),
  };
  /** What was made of short texts: names come again with every entry. */
  readonly #texts = new Map<string, string>();
  /** Values replaced word by word that might be a token or a cookie under a name that does not say so. */
  readonly #whole = new Map<string, string>();
  #countV4 = 0;
  #unremembered = 0;

  constructor(options: PseudonymOptions) {
    this.#options = options;
    this.#time = new TimeShift(options.now);
  }

  get window(): TimeWindow {
    return this.#time.window;
  }

  /** Replacements that might not be the only ones of their kind. */
  get unremembered(): number {
    return this.#unremembered;
  }

  /** Whether a word has been replaced before, so that it must not stand anywhere else either. */
  knows(word: string): boolean {
    return this.#words.has(word.toLowerCase());
  }

  /** A name or a sentence: addresses in it as addresses, each word by itself. A known secret stays its placeholder. */
  text(value: string): string {
    for (const known of [
      this.#secrets.cookie,
      this.#secrets.token,
      this.#secrets.secret,
      this.#secrets.client,
    ]) {
      const found = known.get(value);
      if (found !== undefined) return found;
    }
    const again = this.#texts.get(value);
    if (again !== undefined) return again;
    const made = this.#wordByWord(value);
    if (value.length <= TEXT_REMEMBERED_LENGTH && this.#texts.size < REMEMBERED_MAX)
      this.#texts.set(value, made);
    if (value.length >= OPAQUE_MIN && !/\s/.test(value) && this.#whole.size < REMEMBERED_MAX)
      this.#whole.set(value, made);
    return made;
  }

  #wordByWord(value: string): string {
    return value.replace(IN_TEXT, (piece) => {
      const number = /[.:]/.test(piece) ? parseIpNumber(piece) : null;
      if (number !== null) return this.#addressOf(number);
      return /[.:]/.test(piece)
        ? piece.replace(/[\p{L}\p{M}\p{N}]+/gu, (word) => this.#word(word))
        : this.#word(piece);
    });
  }

  /** One address; null where the text is none. */
  address(value: string): string | null {
    const number = parseIpNumber(value);
    return number === null ? null : this.#addressOf(number);
  }

  /** A time moved by the recording's offset, in the form it was sent in; null where the text is no time near the recording. */
  time(value: string): string | null {
    return this.#time.shift(value);
  }

  /** A number, digit by digit; its sign, point and exponent stay. */
  number(written: string): string {
    return written.replace(/^-?\d+(?:\.\d+)?/, (mantissa) =>
      mantissa.replace(/\d+/g, (digits) => this.#word(digits)),
    );
  }

  secret(kind: SecretKind, value: string): string {
    if (value === "") return "";
    const known = this.#secrets[kind];
    const found = known.get(value);
    if (found !== undefined) return found;
    const number = known.size + 1;
    // Seen before under a name that spoke of no secret: it keeps what it was given there.
    const before = kind === "token" || kind === "cookie" ? this.#whole.get(value) : undefined;
    const made = before ?? placeholder(kind, value, number);
    if (known.size < REMEMBERED_MAX) known.set(value, made);
    else this.#unremembered += 1;
    return made;
  }

  #addressOf(number: IpNumber): string {
    const spelled = formatIp(number);
    const found = this.#addresses.get(spelled);
    if (found !== undefined) return found;
    let made: string;
    if (number.family === 6) {
      const bytes = this.#options.mac(`ip6:${spelled}`);
      let value = DOCUMENTATION_V6;
      for (let at = 0; at < 12; at++) value = (value << 8n) | BigInt(bytes[at] ?? 0);
      made = formatIp({ family: 6, value });
    } else {
      // Numbered as they come: that tells nothing of the address, and never gives one replacement to two.
      if (this.#countV4 >= V4_MAX) this.#unremembered += 1;
      made = formatIp({ family: 4, value: v4At(this.#countV4++ % V4_MAX) });
    }
    if (this.#addresses.size < REMEMBERED_MAX) this.#addresses.set(spelled, made);
    else this.#unremembered += 1;
    return made;
  }

  #word(word: string): string {
    const plain = [...word].map(lower).join("");
    let made = this.#words.get(plain);
    if (made === undefined) {
      made = this.#makeWord(plain);
      if (this.#words.size < REMEMBERED_MAX) {
        this.#words.set(plain, made);
        this.#given.add(made);
      } else this.#unremembered += 1;
    }
    const shown = [...made];
    return [...word]
      .map((letter, at) => (lower(letter) === letter ? (shown[at] ?? "") : upper(shown[at] ?? "")))
      .join("");
  }

  /** Tries until the replacement is nobody else's, is no word of the protocol, and is not what it stands for. */
  #makeWord(plain: string): string {
    const draw = stream(this.#options.mac(`word:${plain}`));
    let made = plain;
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      made = scramble(plain, draw);
      // Short words are few: after a while a replacement may be somebody else's original, but never somebody else's replacement.
      const isFree = !this.#given.has(made) && !KNOWN_NAME_WORDS.has(made);
      if (isFree && made !== plain && (attempt >= STRICT_TRIES || !this.#words.has(made))) return made;
    }
    this.#unremembered += 1;
    return made;
  }
}

function v4At(index: number): number {
  let left = index;
  for (const { base, size } of BLOCKS_V4) {
    if (left < size) return base + 1 + left;
    left -= size;
  }
  return BLOCKS_V4[0].base + 1;
}

/**
 * Numbers of 32 bits from a seed (sfc32). The seed is keyed and the key is written nowhere: whoever guessed the stream
 * would know the seed of one word and nothing of the word.
 */
function stream(seed: Uint8Array): () => number {
  const word = (at: number): number =>
    ((seed[at] ?? 0) << 24) | ((seed[at + 1] ?? 0) << 16) | ((seed[at + 2] ?? 0) << 8) | (seed[at + 3] ?? 0);
  let [a, b, c, d] = [word(0), word(4), word(8), word(12)];
  return () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
}

/** Every letter for a letter, every digit for a digit, of the same length in UTF-8. */
function scramble(word: string, next: () => number): string {
  let made = "";
  for (const letter of word) {
    const code = letter.codePointAt(0) ?? 0;
    if (/\p{M}/u.test(letter)) made += letter;
    // A number that began with no nought begins with none: else it would be no number any more.
    else if (code > 0x30 && code <= 0x39 && made === "") made += String(1 + (next() % 9));
    else if (code >= 0x30 && code <= 0x39) made += String(next() % 10);
    else if (code < 0x80) made += String.fromCharCode(0x61 + (next() % 26));
    else if (code < 0x800) made += TWO_BYTES.charAt(next() % TWO_BYTES.length);
    else if (code < 0x10000) made += String.fromCharCode(0x4e00 + (next() % 2048));
    else made += String.fromCodePoint(0x20000 + (next() % 2048));
  }
  return made;
}

/** Only where the other case is as long: `ß` and `ı` stay as they are. */
function lower(letter: string): string {
  const other = letter.toLowerCase();
  return other.length === letter.length && other.toUpperCase() === letter ? other : letter;
}

function upper(letter: string): string {
  const other = letter.toUpperCase();
  return other.length === letter.length ? other : letter;
}

function placeholder(kind: SecretKind, value: string, number: number): string {
  if (kind === "client") return `client-${number}`;
  if (kind === "secret") return `EXAMPLE-SECRET-${number}`;
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value))
    return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  if (/^\d+$/.test(value)) return `9${String(number).padStart(Math.max(0, value.length - 1), "0")}`;
  if (/^[0-9a-f]{16,}$/i.test(value)) return String(number).padStart(value.length, "0");
  const name = `${kind.toUpperCase()}${number}`;
  return name.padEnd(value.length, "x");
}
