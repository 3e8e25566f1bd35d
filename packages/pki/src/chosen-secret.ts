import { argon2, randomBytes, timingSafeEqual } from "node:crypto";

/** OWASP's least for argon2id: 19 MiB, two passes, one lane. Some 30 ms of one core. Source: OWASP Password Storage. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const TAG_BYTES = 32;

/** What a verifier may make us spend: one that came in a file from elsewhere may ask for more than ours, within reason. */
const MEMORY_KIB_MAX = 65_536;
const PASSES_MAX = 4;
const LANES_MAX = 4;
const PREFIX = "$argon2id$v=19$";
/** Source: PHC string format (documented): parameters in this order, salt and tag in base64 without padding. */
const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

export const CHOSEN_SECRET_CHARACTERS_MIN = 16;
/** As many as Junos takes. */
export const CHOSEN_SECRET_CHARACTERS_MAX = 128;
const DIFFERENT_CHARACTERS_MIN = 8;
/** Rows of a keyboard, the alphabet and the digits: who walks along them chooses nothing. */
const WALKS = ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"].flatMap(
  (row) => [row, [...row].reverse().join("")],
);
const WALK_MAX = 5;

export type ChosenSecretJudgement =
  | { readonly kind: "good" }
  /** A sentence for whoever chose it. It never repeats the secret. */
  | { readonly kind: "refused"; readonly sentence: string };

/**
 * Judges a client secret that a person chose.
 *
 * Shape:  refuses what Junos would not take (too long; spaces, quotes, line breaks) and what is guessed against a slow
 *         hash all the same: short, of few different characters, a pattern said again and again, a walk along the
 *         keyboard, or the firewall's own name and number.
 */
export function judgeChosenSecret(
  secret: string,
  about: { readonly clientId?: string; readonly name?: string } = {},
): ChosenSecretJudgement {
  const refused = (sentence: string): ChosenSecretJudgement => ({ kind: "refused", sentence });
  if (secret.length < CHOSEN_SECRET_CHARACTERS_MIN)
    return refused(
      `A secret needs at least ${CHOSEN_SECRET_CHARACTERS_MIN} characters. Let Rollcall make one: it is as easy to paste.`,
    );
  if (secret.length > CHOSEN_SECRET_CHARACTERS_MAX)
    return refused(`Junos takes no more than ${CHOSEN_SECRET_CHARACTERS_MAX} characters.`);
  if (!/^[\x21\x23-\x5b\x5d-\x7e]*$/.test(secret))
    return refused("Letters, digits and signs only: no spaces, no quotation mark, no backslash.");
  const lower = secret.toLowerCase();
  for (const known of [about.clientId, about.name])
    if (known !== undefined && known.length >= 4 && lower.includes(known.toLowerCase()))
      return refused("The firewall's name or client id is the first thing that somebody would guess.");
  if (new Set(lower).size < DIFFERENT_CHARACTERS_MIN)
    return refused(`A secret needs at least ${DIFFERENT_CHARACTERS_MIN} different characters.`);
  if (longestRepeat(lower) >= CHOSEN_SECRET_CHARACTERS_MIN / 2)
    return refused("It says the same again and again, which makes it no longer.");
  if (walked(lower) > secret.length / 2)
    return refused("It walks along the keyboard or the alphabet: that is among the first to be tried.");
  return { kind: "good" };
}

export function isArgon2Verifier(verifier: string): boolean {
  return verifier.startsWith("$argon2");
}

export function saltOfArgon2(verifier: string): string | undefined {
  return PHC.exec(verifier)?.[4];
}

export async function argon2Verifier(secret: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await digest(secret, {
    salt,
    memory: MEMORY_KIB,
    passes: PASSES,
    lanes: LANES,
    bytes: TAG_BYTES,
  });
  return `${PREFIX}m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${unpadded(salt)}$${unpadded(tag)}`;
}

interface Stored {
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** Null for a verifier that is malformed, or that would cost more than one of ours may. */
export function readArgon2(verifier: string): Stored | null {
  const [, memory = "", passes = "", lanes = "", salt = "", tag = ""] = PHC.exec(verifier) ?? [];
  const cost = { memory: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  const isAffordable =
    cost.lanes >= 1 &&
    cost.lanes <= LANES_MAX &&
    cost.passes >= 1 &&
    cost.passes <= PASSES_MAX &&
    cost.memory >= 8 * cost.lanes &&
    cost.memory <= MEMORY_KIB_MAX;
  return isAffordable
    ? { ...cost, salt: Buffer.from(salt, "base64"), tag: Buffer.from(tag, "base64") }
    : null;
}

export async function checkArgon2(secret: string, verifier: string): Promise<boolean> {
  const stored = readArgon2(verifier);
  if (stored === null) return false;
  return timingSafeEqual(await digest(secret, { ...stored, bytes: stored.tag.length }), stored.tag);
}

function digest(
  secret: string,
  cost: {
    readonly salt: Buffer;
    readonly memory: number;
    readonly passes: number;
    readonly lanes: number;
    readonly bytes: number;
  },
): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    argon2(
      "argon2id",
      {
        message: Buffer.from(secret, "utf8"),
        nonce: cost.salt,
        parallelism: cost.lanes,
        tagLength: cost.bytes,
        memory: cost.memory,
        passes: cost.passes,
      },
      (error, tag) => (error ? reject(error) : resolve(tag)),
    ),
  );
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/** The most characters that only repeat what stands a fixed distance before them. */
function longestRepeat(text: string): number {
  let longest = 0;
  for (let distance = 1; distance <= text.length / 2; distance += 1) {
    let run = 0;
    for (let at = distance; at < text.length; at += 1) {
      run = text[at] === text[at - distance] ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
  }
  return longest;
}

/** How many characters belong to a walk of five or more along a known row. */
function walked(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; ) {
    let length = 0;
    for (const row of WALKS) {
      const start = row.indexOf(text[at] ?? "");
      let here = 0;
      while (start >= 0 && here < row.length - start && text[at + here] === row[start + here]) here += 1;
      length = Math.max(length, here);
    }
    if (length >= WALK_MAX) count += length;
    at += Math.max(1, length);
  }
  return count;
}
